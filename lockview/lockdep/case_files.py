"""Files of test cases, as bytes: what is one, and what is wrong with one that is not."""

from __future__ import annotations

import re

from lockview.lockdep.cases import Case, cases_from_json
from lockview.lockdep.fields import OperationError

_JSON = re.compile(rb"\xef?\xbb?\xbf?\s{0,1000}(?:\{|\[\s{0,1000}[\]{])")


def looks_like_cases(data: bytes) -> bool:
    """Whether a file is meant to be JSON, seen from its beginning; logs begin with ``[`` and a time at most."""
    return _JSON.match(data) is not None


def read_cases(data: bytes) -> tuple[Case, ...]:
    """The cases of a file. Raises OperationError naming the line, or the case and field, that is not as expected."""
    import json

    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise OperationError(f"line {line}: UTF-8 was expected") from None
    except json.JSONDecodeError as error:
        raise OperationError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError as error:  # a number of thousands of digits
        raise OperationError(str(error)) from None
    except RecursionError:
        raise OperationError("lists and objects are nested too deep") from None
    return cases_from_json(found)
