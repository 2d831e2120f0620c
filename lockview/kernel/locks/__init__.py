"""The kernel's lock functions, by primitive."""
