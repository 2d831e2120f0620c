"""Numbers only: a graph and a way to measure text in; positions, paths and drawings out."""
