"""Our own writing of the test that the kernel makes of its validator at boot: 394 cases, each with what is expected.

What each case does, and the names and order of the rows, are those of lib/locking-selftest.c, 6.12, with
CONFIG_PROVE_LOCKING, PROVE_RAW_LOCK_NESTING, DEBUG_MUTEXES, RT_MUTEXES and QUEUED_RWLOCKS.
"""
