"""Scenarios of the simulated kernel: files that say which objects there are and which task calls what."""
