"""The simulated kernel: routines written as coroutines that yield effects."""
