"""Lists of rows that mix our words and a kernel's: the stacks, the sentences, the facts and the steps of a run."""
