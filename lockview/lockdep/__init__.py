"""The lock validator: what kernel/locking/lockdep.c concludes from acquisitions and releases, over any stream."""
