"""Which logs a folder holds."""

import os
from pathlib import Path

import pytest

from lockview.document.errors import UserError
from lockview.document.sources import files_below, joined_rotations


def test_files_below_a_folder(tmp_path: Path) -> None:
    for name in ("b.log", "a/z.log", "a/b/c", ".hidden", ".git/x", "a/.x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to("nowhere")
    files = [f"{tmp_path}/{name}" for name in ("a/b/c", "a/z.log", "b.log")]
    assert files_below(str(tmp_path)) == (files, 0)
    assert files_below(str(tmp_path), most=2).left_out == 1
    with pytest.raises(UserError, match="cannot be listed"):
        files_below(str(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("files", "logs"),
    [
        (["kern.log", "kern.log.1", "kern.log.2.gz"], [("kern.log.2.gz", "kern.log.1", "kern.log")]),
        (["kern.log.2.gz", "kern.log.10.gz", "kern.log"], [("kern.log.10.gz", "kern.log.2.gz", "kern.log")]),
        (["dmesg.0", "dmesg.1.gz", "dmesg"], [("dmesg.1.gz", "dmesg.0", "dmesg")]),
        (
            ["messages-20240107.xz", "messages-20240114", "messages"],
            [("messages-20240107.xz", "messages-20240114", "messages")],
        ),
        (["run.1", "run.2"], [("run.1",), ("run.2",)]),
        (["a.log", "b.log", "a.log"], [("a.log",), ("b.log",)]),
        (["a/kern.log", "b/kern.log.1"], [("a/kern.log",), ("b/kern.log.1",)]),
        (["kern.log", "kern.log.gz"], [("kern.log",), ("kern.log.gz",)]),
    ],
)
def test_pieces_of_a_rotated_log_stand_together(files: list[str], logs: list[tuple[str, ...]]) -> None:
    assert joined_rotations(files) == logs
