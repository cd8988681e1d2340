from __future__ import annotations

import logging

import pytest
from astronomer.runtime.logging.line_format import LineFormatter


@pytest.mark.parametrize("datefmt", [None, "%H.%M.%S"])
def test_lines_are_those_of_python_s_own_formatter(datefmt: str) -> None:
    own, ours = (
        kind("%(asctime)s %(message)s", datefmt) for kind in (logging.Formatter, LineFormatter)
    )
    for moment in (0.0, 0.2519, 0.9996, 1.0, 61.5, 0.75, 1657532400.123456):
        record = logging.makeLogRecord({"msg": "x"})
        record.created, record.msecs = moment, (moment - int(moment)) * 1000
        assert ours.format(record) == own.format(record)
