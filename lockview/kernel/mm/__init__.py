"""Memory management: address spaces, page tables, files, and the routines that work on them."""
