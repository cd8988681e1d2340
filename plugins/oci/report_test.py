from __future__ import annotations

from oci.report import table


def test_columns_line_up() -> None:
    rows = [("a", "1"), ("long", "100")]
    assert list(table(rows, right=frozenset({1}))) == ["  a       1", "  long  100"]
    assert list(table([])) == []
