"""Call stacks as the Chrome form has them: a tree of frames, and calls that begin and end."""

from __future__ import annotations

from collections.abc import Iterable

from lockview.model.run_traces import Json, Record, TracedFrame, TracedStack


class StackFrames:
    """The stacks of a trace as one tree of frames, each with its caller as parent."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._functions: dict[int, str] = {}
        self._stacks: dict[int, tuple[int, ...]] = {}
        self._nodes: dict[tuple[int, str], int] = {}
        self.table: dict[str, Json] = {}
        """The frames by number, as ``stackFrames``."""
        for record in records:
            if isinstance(record, TracedFrame):
                self._functions[record.id] = record.function
            elif isinstance(record, TracedStack):
                self._stacks[record.id] = record.frames

    def functions(self, stack: int) -> tuple[str, ...]:
        """The functions of a stack, outermost first."""
        return tuple(self._functions[frame] for frame in reversed(self._stacks[stack]))

    def of_stack(self, stack: int) -> str:
        """The number of a stack's innermost frame in the tree."""
        node = -1
        for function in self.functions(stack):
            key = (node, function)
            number = self._nodes.get(key)
            if number is None:
                number = self._nodes[key] = len(self._nodes)
                entry: dict[str, Json] = {"name": function, "category": "kernel"}
                if node >= 0:
                    entry["parent"] = str(node)
                self.table[str(number)] = entry
            node = number
        return str(node)


class CallStacks:
    """The functions that each task is in; told of the next stack, it says what was left and what entered."""

    def __init__(self, frames: StackFrames) -> None:
        self._frames = frames
        self._open: dict[int, tuple[str, ...]] = {}

    def move(self, task: int, stack: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The functions that were left, innermost first, and those entered, outermost first."""
        before, after = self._open.get(task, ()), self._frames.functions(stack)
        same = 0
        while same < min(len(before), len(after)) and before[same] == after[same]:
            same += 1
        self._open[task] = after
        return before[same:][::-1], after[same:]

    def leave(self, task: int) -> tuple[str, ...]:
        """All functions that the task is in, innermost first; afterwards it is in none."""
        return self._open.pop(task, ())[::-1]
