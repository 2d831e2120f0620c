"""What can be said about a report: its lock graph, the tasks behind it, and plain words."""
