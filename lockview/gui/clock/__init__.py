"""Curves of the clock in the window."""
