"""Executing a program: the parts of fs/exec.c and fs/binfmt_elf.c that map it."""

from __future__ import annotations

from lockview.kernel.effects import Routine
from lockview.kernel.mm.mapping import do_mmap
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import File, Flags, Mm
from lockview.kernel.mm.unmap import vm_munmap
from lockview.kernel.system import Thread


def kernel_init(t: Thread, mm: Mm, file: File, start: int, end: int, whole_end: int) -> Routine[None]:
    """The first process executes its init script."""
    yield from do_execveat_common(t, mm, file, start, end, whole_end)


def do_execveat_common(t: Thread, mm: Mm, file: File, start: int, end: int, whole_end: int) -> Routine[None]:
    """Find who can run the file."""
    yield from search_binary_handler(t, mm, file, start, end, whole_end, script=True)


def search_binary_handler(
    t: Thread, mm: Mm, file: File, start: int, end: int, whole_end: int, *, script: bool = False
) -> Routine[None]:
    """A script is run by its interpreter, which is another file to run."""
    if script:
        yield from load_script(t, mm, file, start, end, whole_end)
    else:
        yield from load_elf_binary(t, mm, file, start, end, whole_end)


def load_script(t: Thread, mm: Mm, file: File, start: int, end: int, whole_end: int) -> Routine[None]:
    """Read the interpreter's name and load that instead."""
    yield from search_binary_handler(t, mm, file, start, end, whole_end)


def load_elf_binary(t: Thread, mm: Mm, file: File, start: int, end: int, whole_end: int) -> Routine[None]:
    """Map the first segment."""
    yield from elf_map(t, mm, file, start, end, whole_end)


def elf_map(t: Thread, mm: Mm, file: File, start: int, end: int, whole_end: int) -> Routine[None]:
    """Map a segment: the span of the whole image first, to find room for it, then unmap what is too much."""
    yield from mmap_write_lock_killable(t, mm)
    yield from do_mmap(t, mm, start, whole_end, Flags.READ | Flags.EXEC, file)
    yield from mmap_write_unlock(t, mm)
    if whole_end > end:
        yield from vm_munmap(t, mm, end, whole_end)
