"""The middle of the window while a scenario is looked at: its run, its tasks, its world and our own source."""
