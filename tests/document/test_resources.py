"""Shipped files are found in a checkout, and nothing else is."""

from pathlib import Path

import pytest

from lockview.document.resources import resource


@pytest.mark.parametrize("name", ["samples", "samples/khugepaged-fs-reclaim.log", "lockview-log.schema.json"])
def test_shipped_files_are_found(name: str) -> None:
    path = Path(resource(name))
    assert path.is_absolute()
    assert path.exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "../pyproject.toml", "samples/../../pyproject.toml"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a resource"):
        resource(name)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"^the file samples/none is missing from this installation"):
        resource("samples/none")
