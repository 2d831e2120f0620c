"""A run over time, zoomed and scrubbed: of a scenario, a trace or a capture of a real kernel."""
