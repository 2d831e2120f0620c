"""lockview draws the lock reports of the Linux kernel and replays them."""

__version__ = "0.1.0"
