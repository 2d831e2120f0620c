"""What is selected, in words and stacks: why, the edge, the lock."""
