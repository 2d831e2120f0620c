"""What a validator has found, and whether it still looks."""

from __future__ import annotations

from lockview.model.reports import Report


class Findings:
    """The reports so far. With ``one_shot`` the first of lockdep's own turns the validator off."""

    def __init__(self, *, one_shot: bool) -> None:
        self.reports: list[Report] = []
        self.is_on = True
        self._one_shot = one_shot

    def add(self, report: Report) -> bool:
        """Keep a report and turn off; False, since what was about to be done is not right."""
        self.reports.append(report)
        self.is_on = not self._one_shot
        return False

    def warn(self, report: Report) -> None:
        """Keep a report that leaves lockdep on: a WARN, or one that is told for someone else."""
        self.reports.append(report)
