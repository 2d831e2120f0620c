"""A topological order of the classes, kept while dependencies are added: it answers most questions without a search.

Each class has a level that is higher than those of the classes before it; so no path leads from a higher level to a
lower one, and a dependency that rises cannot close a cycle. One that falls has its end lifted, with all that follows.
Only when the lifting comes back to where it began must the graph be searched.
"""

from __future__ import annotations

from lockview.lockdep.classes import Classes, ClassInfo


class Levels:
    """The levels of the classes, by number; 0 until a dependency lifts one."""

    def __init__(self) -> None:
        self._levels: dict[int, int] = {}
        self._useful = True

    def give_up(self) -> None:
        """A dependency is added that closes a cycle (of readers that block nobody): there are no levels any more."""
        self._useful = False

    def rise(self, classes: Classes, before: ClassInfo, after: ClassInfo) -> bool:
        """Make room for a dependency; False when it closes a cycle, strong or not, or when nothing is known."""
        if not self._useful or before is after:
            return False
        level = self._levels.get
        if level(before.number, 0) < level(after.number, 0):
            return True
        return self._lift(classes, before.number, after.number)

    def _lift(self, classes: Classes, before: int, after: int) -> bool:
        """Put ``after`` and what follows it above ``before``; False, with all as it was, when ``before`` follows."""
        levels = self._levels
        undo: list[tuple[int, int]] = []
        pending = [(after, levels.get(before, 0) + 1)]
        while pending:
            number, least = pending.pop()
            if number == before:
                levels.update(reversed(undo))
                return False
            level = levels.get(number, 0)
            if level < least:
                undo.append((number, level))
                levels[number] = least
                pending.extend((later, least + 1) for later in classes.all[number].after)
        return True
