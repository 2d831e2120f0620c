"""Running the simulated kernel: scenarios, schedules, stepping and searching."""
