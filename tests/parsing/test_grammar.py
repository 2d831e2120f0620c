"""The small grammars: lock names, lock lines, frames and prefixes."""

import pytest

from lockview.model.locks import LockClass, WaitTypes
from lockview.model.stacks import Frame
from lockview.parsing.frames import frame_at
from lockview.parsing.lines import LogLine, Stream
from lockview.parsing.locks import lock_at, lock_class
from lockview.parsing.prefixes import take_off_prefixes
from lockview.parsing.wrappers import log_lines, without_quotes


@pytest.mark.parametrize(
    ("name", "base", "number", "subclass"),
    [
        ("fs_reclaim", "fs_reclaim", 1, 0),
        ("&vma->vm_sequence/1", "&vma->vm_sequence", 1, 1),
        ("key#2", "key", 2, 0),
        ("&type->i_mutex_dir_key#3/1", "&type->i_mutex_dir_key", 3, 1),
        ("kn->active#113", "kn->active", 113, 0),
        ("key#1", "key#1", 1, 0),
        ("key/0", "key/0", 1, 0),
        ("key/8", "key/8", 1, 0),
        ("key#02", "key#02", 1, 0),
        ("#3", "#3", 1, 0),
        ("/1", "/1", 1, 0),
        ("path/file.rs:123", "path/file.rs:123", 1, 0),
        ("\u0663#\u0663", "\u0663#\u0663", 1, 0),
    ],
)
def test_names(name: str, base: str, number: int, subclass: int) -> None:
    assert lock_class(name) == LockClass(base, number, subclass)
    assert lock_class(name).name == name


@pytest.mark.parametrize(
    ("text", "name", "usage", "wait", "address"),
    [
        ("(fs_reclaim){+.+.}", "fs_reclaim", "+.+.", None, ""),
        ("(x){+.+.+.}, at: f+0x1/0x2", "x", "+.+.+.", None, ""),
        ("ffff888012345678 (x){....}-{3:3}, at: f", "x", "....", WaitTypes(3, 3), "ffff888012345678"),
        ("(____ptrval____) (x){....}, at: f", "x", "....", None, "____ptrval____"),
        ("c1234567 ((wq_completion)foo#2){+.+.}-{0:0}", "(wq_completion)foo#2", "+.+.", WaitTypes(0, 0), "c1234567"),
        ("(((&hw->end_timer))){+.-...},at: f", "((&hw->end_timer))", "+.-...", None, ""),
        ("(&(&x->lock)->rlock){?.-.}", "&(&x->lock)->rlock", "?.-.", None, ""),
        ("(a) (b){+.+.}", "a) (b", "+.+.", None, ""),
        ("(x){+.+.+}", "x", "+.+.+", None, ""),
    ],
)
def test_lock_lines(text: str, name: str, usage: str, wait: WaitTypes | None, address: str) -> None:
    lock = lock_at(text, 0, len(text))
    assert lock is not None
    assert (lock.name, lock.usage, lock.wait_types, lock.address) == (name, usage, wait, address)
    assert lock.site_follows == ("at:" in text)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("foo+0x1/0x2", Frame("foo", 1, 2)),
        ("? foo.isra.0+0x1/0x2 [xfs]", Frame("foo.isra.0", 1, 2, "xfs", reliable=False)),
        ("[<c0123456>] foo+0x1/0x2", Frame("foo", 1, 2, address="c0123456")),
        ("[<>] foo+0x1/0x2", Frame("foo", 1, 2)),
        ("foo+0x1/0x2 [xfs 0123456789abcdef]", Frame("foo", 1, 2, "xfs", "0123456789abcdef")),
        ("foo+0x1/0x2 fs/x.c:12", Frame("foo", 1, 2, file="fs/x.c", line=12)),
        ("foo+0x1/0x2 [xfs] fs/x.c:12 [inline]", Frame("foo", 1, 2, "xfs", file="fs/x.c", line=12, inlined=True)),
        ("foo include/x.h:7 [inline]", Frame("foo", file="include/x.h", line=7, inlined=True)),
        ("foo include/x.h:-1 [inline]", Frame("foo", file="include/x.h", inlined=True)),
        ("foo (fs/x.c:12)", Frame("foo", file="fs/x.c", line=12)),
        (
            "foo (fs/x.h:3 (discriminator 4) fs/x.c:12 (discriminator 2)) xfs",
            Frame("foo", module="xfs", file="fs/x.c", line=12),
        ),
        ("foo (??:?)", Frame("foo")),
        (".foo+0x10/0x20 (unreliable)", Frame(".foo", 16, 32, reliable=False)),
        ("foo+0x10/0x20 (P)", Frame("foo", 16, 32)),
        ("[c000000001] [c000000001234567] .foo+0x10/0x20", Frame(".foo", 16, 32, address="c000000001")),
        ("([<000000001234>] foo+0x1/0x2)", Frame("foo", 1, 2, address="000000001234")),
        ("[<c0112233>] (foo) from [<c0445566>] (bar+0x10/0x20)", Frame("bar", 16, 32, address="c0445566")),
        ("foo from bar+0x10/0x20", Frame("bar", 16, 32)),
        ("0xffffffffffffffff", Frame("0xffffffffffffffff")),
        ("[<c0123456>] 0xc0123456", Frame("0xc0123456", address="c0123456")),
        ("<core::fmt>::write+0x1/0x2", Frame("<core::fmt>::write", 1, 2)),
    ],
)
def test_frames(text: str, frame: Frame) -> None:
    stream = Stream([LogLine(1, text)])
    read = frame_at(stream, 0, len(stream.flat))
    assert read is not None
    assert read.frame == frame
    assert read.end == len(text)


@pytest.mark.parametrize(
    "text", ["foo", "foo bar", "[ 12.3] foo", "12:30", "lock(x);", "foo+0x1 bar", "a" * 5000, "(" * 5000]
)
def test_no_frames(text: str) -> None:
    stream = Stream([LogLine(1, text)])
    assert frame_at(stream, 0, len(stream.flat)) is None


@pytest.mark.parametrize(
    ("line", "text", "time", "caller"),
    [
        ("[   12.345678] x", "x", "12.345678", ""),
        ("[   12.345678][   T43]  x", " x", "12.345678", "T43"),
        ("<4>[   12.345678][    C0] x", "x", "12.345678", "C0"),
        ("[    T9] x", "x", "", "T9"),
        ("Aug 22 14:31:02 host kernel: [  232.743082] x", "x", "232.743082", ""),
        ("Aug  2 14:31:02 host kernel: x", "x", "Aug  2 14:31:02", ""),
        ("host kernel[0]: x", "x", "", ""),
        ("May 11 10:59:48 [kernel] [ 2494.165792] x", "x", "2494.165792", ""),
        ("[   79.822894 / 05-03 18:11:50.340] x", "x", "79.822894", ""),
        ("[ INFO: x ]", "[ INFO: x ]", "", ""),
        ("[<ffffffff81234567>] x", "[<ffffffff81234567>] x", "", ""),
        ("[inline]", "[inline]", "", ""),
        ("kernel_init+0x1/0x2", "kernel_init+0x1/0x2", "", ""),
        ("4,1234,5678901,-,caller=T1;a;b", "a;b", "5678901", "T1"),
        ("", "", "", ""),
    ],
)
def test_prefixes(line: str, text: str, time: str, caller: str) -> None:
    assert take_off_prefixes(line, set()) == (text, time, caller)


@pytest.mark.parametrize(
    ("line", "text", "depth"),
    [
        ("> x", "x", 1),
        (">> x", "x", 2),
        ("> > x", "x", 2),
        (">  <TASK>", " <TASK>", 1),
        ("> -> #1 (x)", "-> #1 (x)", 1),
        (">", "", 1),
        (" <TASK>", " <TASK>", 0),
    ],
)
def test_quotes(line: str, text: str, depth: int) -> None:
    assert without_quotes(line) == (text, depth)


def test_only_entities_with_a_semicolon_are_decoded() -> None:
    """``html.unescape`` would turn &regmap into a registered sign and &gt into a bracket."""
    used: set[str] = set()
    lines = log_lines(
        "(&amp;regmap-&gt;lock)\n(&regmap->lock) (&gt->reset.mutex) &amp;amp;x &#39; &#0; &copy;", 1, used, []
    )
    assert [line.text for line in lines] == ["(&regmap->lock)", "(&regmap->lock) (&gt->reset.mutex) &x ' &#0; &copy;"]
    assert used == {"HTML entities"}


def test_escapes_of_syslog_are_no_key_numbers() -> None:
    lines = log_lines("kernel: a#012-> #2 (kn->active#113){+.+.}:#011b", 7, set(), [])
    assert [(line.number, line.text) for line in lines] == [(7, "a"), (7, "-> #2 (kn->active#113){+.+.}:\tb")]
