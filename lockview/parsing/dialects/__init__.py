"""What other programs and other files say about locks, read into the same model; one module per dialect."""
