"""The words that differ between kernels when they print a report."""

from __future__ import annotations

from typing import NamedTuple


class Era(NamedTuple):
    """How a kernel words its reports.

    ``wait_types``: ``{outer:inner}`` is printed (5.7). ``read_words``: scenarios say ``rlock`` (6.3). ``info_titles``:
    titles begin with ``INFO:`` or ``BUG:`` in brackets (until 4.10). ``work_leak_words``: work items that leave locks
    are told with the numbers before and after (6.9). ``release`` stands under the title.
    """

    name: str
    release: str = ""
    wait_types: bool = True
    read_words: bool = True
    info_titles: bool = False
    work_leak_words: bool = False

    def title(self, text: str, old: str = "INFO") -> str:
        """The title line for a finding; ``old`` is the word before it in kernels that knew two."""
        return f"{old if self.info_titles else 'WARNING'}: {text}"

    @property
    def wait_context_title(self) -> str:
        """The title of reports about wait contexts."""
        return "BUG: Invalid wait context"


MODERN = Era("6.12", work_leak_words=True)
ERAS: dict[str, Era] = {
    era.name: era
    for era in (
        Era("4.4", wait_types=False, read_words=False, info_titles=True),
        Era("4.13", wait_types=False, read_words=False),
        Era("5.10", read_words=False),
        MODERN,
    )
}
