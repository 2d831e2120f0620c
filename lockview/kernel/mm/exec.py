"""Executing a program: the parts of fs/exec.c and fs/binfmt_elf.c that map it."""

from __future__ import annotations

from lockview.kernel.effects import Add, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.mm.adjust import __vma_adjust
from lockview.kernel.mm.exit import mmput
from lockview.kernel.mm.mapping import do_mmap, new_vma, vma_link
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.mprotect import mprotect_fixup
from lockview.kernel.mm.mremap import move_page_tables
from lockview.kernel.mm.objects import NONE, File, Flags, Mm, Vma
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.unmap import vm_munmap
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread

STACK = Flags.READ | Flags.WRITE | Flags.GROWSDOWN


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


def SyS_execve(  # noqa: N802 (the kernel's name)
    t: Thread, old: Mm, new: Mm, file: File, start: int, end: int, span_end: int, stack: int
) -> Routine[None]:
    """Run ``file`` in the empty address space ``new``; its stack is made at page ``stack`` and moved down by one."""
    yield from bprm_mm_init(t, new, stack)
    yield from exec_mmap(t, old, new)
    yield from setup_arg_pages(t, new, stack)
    yield from load_elf_binary(t, new, file, start, end, span_end)


@inlined
def bprm_mm_init(t: Thread, new: Mm, stack: int) -> Routine[None]:
    """``__bprm_mm_init``: a VMA for the arguments, in an address space that nobody else knows yet."""
    yield from mmap_write_lock_killable(t, new)
    vma = yield from new_vma(t, new, stack, stack + 1, STACK, None)
    yield from vma_start_write(t, new, vma)
    yield from vma_link(t, new, vma, None)
    yield from mmap_write_unlock(t, new)


def exec_mmap(t: Thread, old: Mm, new: Mm) -> Routine[None]:
    """From here on the task is in the new address space; the old one goes with its last user."""
    yield from down_read(old.mmap_sem)
    yield Add(new.users)
    yield from up_read(old.mmap_sem)
    yield from mmput(t, old)


def setup_arg_pages(t: Thread, new: Mm, stack: int) -> Routine[None]:
    """Give the stack its rights and its place."""
    yield from mmap_write_lock_killable(t, new)
    vma = yield from find_vma(t, new, stack)
    if vma is not None:
        yield from mprotect_fixup(t, new, vma, stack, stack + 1, STACK | Flags.EXEC)
        yield from shift_arg_pages(t, new, vma, stack)
    yield from mmap_write_unlock(t, new)


@inlined
def shift_arg_pages(t: Thread, new: Mm, vma: Vma, stack: int) -> Routine[None]:
    """Grow the VMA over both places, move its page table entries, cut the old place off."""
    if not stack:
        return
    yield from __vma_adjust(t, new, vma, stack - 1, NONE)
    yield from move_page_tables(t, new, vma, stack, stack + 1, stack - 1, need_rmap_locks=False)
    yield from __vma_adjust(t, new, vma, NONE, stack)
