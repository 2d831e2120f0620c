"""The values that everything else speaks in: frozen, comparable, and knowing the log lines they came from.

No algorithms, no input or output. A report read from a log, one that the simulated kernel printed and one loaded from
JSON are the same values.
"""
