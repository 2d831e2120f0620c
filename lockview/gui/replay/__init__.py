"""The deadlock as a run that can be stepped, scrubbed and steered."""
