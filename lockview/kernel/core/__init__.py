"""Small models of the speculative page fault and its relatives, coarse enough to be searched to the last state.

Their steps are few and fixed, so the number of their states, the shortest way to each mistake and the fewest
preemptions that it needs are known: they are what the machine and its searches are checked against.
"""
