"""Stack traces, innermost frame first as the kernel prints them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lockview.model.text import NOWHERE, Span

_SUFFIXES = ("isra", "constprop", "part", "cold", "llvm", "lto_priv", "localalias", "clone", "cfi", *"0123456789")


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a stack.

    ``function`` is the symbol as printed, with compiler suffixes (``print_circular_bug.isra.39``); a bare address
    that no symbol covers stands here as ``0x...``.
    ``offset`` and ``size`` are bytes: the return address lies ``offset`` into a function of ``size``; None when not
    printed. ``address`` is the text between ``[<`` and ``>]``, "" in kernels since 4.16.
    ``reliable`` is False for ``?`` entries: addresses found on the stack that the unwinder could not confirm.
    ``part`` is the x86 tag the frame stands under: ``TASK``, ``IRQ``, ``SOFTIRQ``, ``NMI``, ... or "".
    ``file`` and ``line`` (1-based, 0 when unknown) come from a decoded log; ``inlined`` marks a function that the
    compiler merged into the frame printed after it.
    """

    function: str
    offset: int | None = None
    size: int | None = None
    module: str = ""
    build_id: str = ""
    address: str = ""
    reliable: bool = True
    part: str = ""
    file: str = ""
    line: int = 0
    inlined: bool = False
    span: Span = field(default=NOWHERE, compare=False)

    def __init__(
        self,
        function: str,
        offset: int | None = None,
        size: int | None = None,
        module: str = "",
        build_id: str = "",
        address: str = "",
        reliable: bool = True,
        part: str = "",
        file: str = "",
        line: int = 0,
        inlined: bool = False,
        span: Span = NOWHERE,
    ) -> None:
        # The generated one takes three times as long, and most of what a reader makes are frames.
        _SET_FUNCTION(self, function)
        _SET_OFFSET(self, offset)
        _SET_SIZE(self, size)
        _SET_MODULE(self, module)
        _SET_BUILD_ID(self, build_id)
        _SET_ADDRESS(self, address)
        _SET_RELIABLE(self, reliable)
        _SET_PART(self, part)
        _SET_FILE(self, file)
        _SET_LINE(self, line)
        _SET_INLINED(self, inlined)
        _SET_SPAN(self, span)

    def under(self, part: str) -> Frame:
        """The same frame under a tag. ``dataclasses.replace`` takes ten times as long."""
        return Frame(
            self.function,
            self.offset,
            self.size,
            self.module,
            self.build_id,
            self.address,
            self.reliable,
            part,
            self.file,
            self.line,
            self.inlined,
            self.span,
        )

    @property
    def bare_function(self) -> str:
        """The function name without the compiler's suffixes: ``.isra.0``, ``.constprop.71``, ``.part.3``, ``.cold``.

        Other dots are part of the name, as in ``.foo`` of 64-bit PowerPC and in Java.
        """
        head, dot, rest = self.function.partition(".")
        return head if dot and head and rest.startswith(_SUFFIXES) else self.function

    @property
    def position(self) -> str:
        """``+0x5a/0x147``, or "" when the log does not say."""
        if self.offset is None:
            return ""
        return f"+0x{self.offset:x}" + ("" if self.size is None else f"/0x{self.size:x}")

    def __str__(self) -> str:
        return self.function + self.position


# The slots, past the freezing.
_SET_FUNCTION = Frame.__dict__["function"].__set__
_SET_OFFSET = Frame.__dict__["offset"].__set__
_SET_SIZE = Frame.__dict__["size"].__set__
_SET_MODULE = Frame.__dict__["module"].__set__
_SET_BUILD_ID = Frame.__dict__["build_id"].__set__
_SET_ADDRESS = Frame.__dict__["address"].__set__
_SET_RELIABLE = Frame.__dict__["reliable"].__set__
_SET_PART = Frame.__dict__["part"].__set__
_SET_FILE = Frame.__dict__["file"].__set__
_SET_LINE = Frame.__dict__["line"].__set__
_SET_INLINED = Frame.__dict__["inlined"].__set__
_SET_SPAN = Frame.__dict__["span"].__set__


@dataclass(frozen=True, slots=True)
class StackTrace:
    """Frames, innermost first. An empty trace is legal: lockdep's table of traces may have been full."""

    frames: tuple[Frame, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    @property
    def reliable(self) -> tuple[Frame, ...]:
        """The frames without the unwinder's guesses."""
        return tuple(frame for frame in self.frames if frame.reliable)


EMPTY_STACK = StackTrace()


@dataclass(frozen=True, slots=True)
class Backtrace:
    """The ``stack backtrace:`` of a report: who ran where, and the stack of the task that triggered it.

    ``cpu`` and ``pid`` are None when the head line is missing (2.6.18) or cut. Source: ``dump_stack_print_info``,
    lib/dump_stack.c.
    """

    stack: StackTrace
    cpu: int | None = None
    pid: int | None = None
    comm: str = ""
    hardware: str = ""
    workqueue: str = ""
    span: Span = field(default=NOWHERE, compare=False)
