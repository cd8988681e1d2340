"""Which routes Airflow has, and whom each is open to: the tables beside this file.

A table holds a line for each method and route of the Airflows of one line, with every option on
that adds routes. `access_test.py` compares it with the running application.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, FrozenSet, Iterable, Optional, Tuple

from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.security.errors import ConfigurationError

EVERYBODY = "everybody"
"""Whoever asks, without a token."""

NOBODY = "nobody"
"""Whatever their roles, and whatever Airflow would answer."""

FOLDER = Path(__file__).parent

Route = Tuple[str, str]
"""A method, and the rule of a route as Flask writes it."""


class AccessTable:
    """The table of the installed Airflow."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read a table.

        Args:
            lines: As `<role> <method> <rule>`, in some followed by an action of a list and by a
                remark.
        """
        rows = [tuple(line.split()[:3]) for line in lines]
        self._for_everybody = _routes(rows, frozenset({EVERYBODY}))
        self._closed = _routes(rows, frozenset({NOBODY}))
        self._known = frozenset((method, rule) for _, method, rule in rows)
        # Of a route with several actions, some may be open.
        self._closed -= _routes(rows, frozenset(role for role, _, _ in rows) - {NOBODY})

    def is_for_everybody(self, method: str, rule: Optional[Any]) -> bool:
        """Whether no token is asked for.

        Args:
            method: Of the request.
            rule: The rule that it matches; None where it matches none.
        """
        return rule is not None and _route(method, rule) in self._for_everybody

    def is_known(self, method: str, rule: Any) -> bool:
        """Whether the table has a line for the route."""
        return _route(method, rule) in self._known

    def is_closed(self, method: str, rule: Any) -> bool:
        """Whether nobody may ask for the route."""
        return _route(method, rule) in self._closed


def installed_table() -> AccessTable:
    """The table of the installed Airflow.

    Raises:
        ConfigurationError: There is none.
    """
    path = FOLDER / "access-{}.{}.txt".format(*airflow_version())
    if not path.is_file():
        version = ".".join(map(str, airflow_version()))
        raise ConfigurationError(
            f"the platform's tokens are not supported on Airflow {version}, whose routes are in"
            " no table; use a release with Airflow 2.2 or 2.3."
        )
    return AccessTable(path.read_text(encoding="utf-8").splitlines())


def _routes(rows: Iterable[Tuple[str, ...]], roles: FrozenSet[str]) -> FrozenSet[Route]:
    return frozenset((method, rule) for role, method, rule in rows if role in roles)


def _route(method: str, rule: Any) -> Route:
    return ("GET" if method == "HEAD" else method, rule.rule)
