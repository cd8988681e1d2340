from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from astronomer.runtime.logging.line_format import LineFormatter, write_line


@pytest.mark.parametrize("datefmt", [None, "%H.%M.%S"])
@pytest.mark.parametrize(
    ("style", "form"),
    [
        ("%", "[%(asctime)s] {%(filename)s:%(lineno)d} %(levelname)s - %(message)s"),
        ("%", "%(message)s"),
        ("{", "{asctime} {message}"),
    ],
)
def test_lines_are_those_of_python_s_own_formatter(
    style: Any, form: str, datefmt: Optional[str]
) -> None:
    own, ours = (kind(form, datefmt, style) for kind in (logging.Formatter, LineFormatter))
    try:
        raise ValueError("for its traceback")
    except ValueError:
        error = sys.exc_info()
    rare: List[Dict[str, Any]] = [{}, {"exc_info": error}, {"stack_info": "a stack"}]
    for moment in (0.0, 0.2519, 0.9996, 1.0, 61.5, 0.75, 1657532400.123456):
        for more in rare:
            record = logging.makeLogRecord({"msg": "%s lines", "args": (2,), **more})
            record.created, record.msecs = moment, (moment - int(moment)) * 1000
            assert ours.format(record) == own.format(record)


def test_a_line_with_what_is_no_text_is_written(tmp_path: Path) -> None:
    with open(tmp_path / "log", "wb") as file:
        write_line(file.fileno(), "caf\u00e9 \udcff\n")
    assert (tmp_path / "log").read_bytes() == b"caf\xc3\xa9 \\udcff\n"
