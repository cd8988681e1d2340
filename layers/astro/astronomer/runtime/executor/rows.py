"""Rows of the database by the names of their columns."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence


def rows(cursor: Any, question: str, values: Sequence[Any] = ()) -> List[Dict[str, Any]]:
    """The answer to a statement, with `%s` where values go."""
    cursor.execute(question, values or None)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]
