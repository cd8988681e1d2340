"""Who may ask for what: every route of the running application, for every role of the platform.

The table is what is expected, a line for each method and route with the least role that it is open
to. It differs between Airflow's lines, and a route that is not in it fails the test: whoever adds
an Airflow says who its new routes are for. An action of Flask-AppBuilder's that is asked for by GET
is answered to everyone, and does nothing. A remark, `# since 2.3.1` or `# until 2.3.0`, says that
not all Airflows of the line have a route.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.security.access import EVERYBODY, FOLDER, NOBODY
from astronomer.runtime.security.conftest import SigningKey, platform_application
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

ROLES = ["WORKSPACE_VIEWER", "WORKSPACE_EDITOR", "WORKSPACE_ADMIN", "Admin"]
"""Each may do what those before it may."""

OPTIONS = {"API__ENABLE_EXPERIMENTAL_API": "True", "WEBSERVER__EXPOSE_CONFIG": "True"}
"""All that add or open routes; and so does `FAB_API_SWAGGER_UI` of Airflow 2.2."""

# Nothing has this name or this number: what is open answers so, and changes nothing.
_NAME, _NUMBER = "nothing", 2_000_000

# Refused for want of its parameters before the user is looked at.
_QUERIES = {"PATCH /api/v1/dags": {"dag_id_pattern": _NAME}}


@pytest.fixture(scope="module")
def app(airflow_database: Path, rsa_key: SigningKey) -> Iterator[Flask]:
    with platform_application(rsa_key, OPTIONS, FAB_API_SWAGGER_UI=True) as made:
        # Its answer to a form without token would hide the answer to the role.
        made.config["WTF_CSRF_ENABLED"] = False
        made.config["TESTING"] = made.config["PROPAGATE_EXCEPTIONS"] = False
        yield made


class Route(NamedTuple):
    """One method of one route, and one action where it is for several."""

    method: str
    rule: Rule
    action: str

    def __str__(self) -> str:
        suffix = f" {self.action}" if self.action else ""
        return f"{self.method} {self.rule.rule}{suffix}"

    def ask(self, app: Flask, headers: Dict[str, str] = {}) -> int:
        """The status of the answer; 403 also where an action is denied in another way."""
        converters: Dict[str, Any] = self.rule._converters
        values = {
            name: _NUMBER if isinstance(each, IntegerConverter) else _NAME
            for name, each in converters.items()
        }
        if "name" in values and self.action:
            values["name"] = self.action
        built = self.rule.build(values)
        assert built is not None
        sent: Dict[str, Any] = {}
        if self.method != "GET":
            # A body of another kind would be refused before the user is.
            is_api = self.rule.rule.startswith("/api/v1/")
            form = {"action": self.action, "rowid": str(_NUMBER)}
            sent = {"json": {}} if is_api else {"data": form}
        path = built[1]
        answer = app.test_client().open(
            path, method=self.method, headers=headers, query_string=_QUERIES.get(str(self)), **sent
        )
        target = urlsplit(urljoin(path, answer.headers.get("Location", path))).path
        # Flask-AppBuilder's answer to an action of another's: to the folder of the page.
        denied = self.action and target == path.rpartition("/")[0] + "/"
        return 403 if denied else answer.status_code


def routes(app: Flask) -> List[Route]:
    """All of them, but for the methods that Flask adds by itself."""
    actions = {
        view.route_base: sorted(getattr(view, "actions", {}))
        for view in app.appbuilder.baseviews  # type: ignore[attr-defined]
    }
    found = [
        Route(method, rule, action)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for action in (
            actions.get(rule.rule.partition("/action")[0], [])
            if "/action" in rule.rule[1:]
            else [""]
        )
    ]
    return sorted(found, key=str)


def least_role(app: Flask, route: Route, headers: Dict[str, Dict[str, str]]) -> str:
    """The least role that a route is open to."""
    if route.ask(app) != 401:
        return EVERYBODY
    for role in ROLES:
        code = route.ask(app, headers[role])
        assert code != 401, route
        if code != 403:
            # Those in between may do what the least and the greatest may.
            is_open_to_the_greatest = route.ask(app, headers[ROLES[-1]]) != 403
            return role if is_open_to_the_greatest else f"only {role}"
    return NOBODY


def observed(app: Flask, rsa_key: SigningKey) -> List[str]:
    """The table as it is."""
    headers = {}
    for role in ROLES:
        name = f"access-{role.lower()}"
        token = rsa_key.token(sub=name, email=f"{name}@test", roles=[role])
        headers[role] = {"Authorization": f"Bearer {token}"}
    return [f"{least_role(app, route, headers):<16} {route}" for route in routes(app)]


def expected() -> List[str]:
    """The lines of the table that are for this Airflow."""
    version = airflow_version()
    path = FOLDER / "access-{}.{}.txt".format(*version)
    found = []
    for line in path.read_text().splitlines():
        line, _, remark = line.partition("  # ")
        since, until = (
            re.fullmatch(rf"{word} (\d+)\.(\d+)\.(\d+)", remark) for word in ("since", "until")
        )
        assert since or until or not remark, line
        if since and version < tuple(map(int, since.groups())):
            continue
        if until and version > tuple(map(int, until.groups())):
            continue
        found.append(line)
    return found


def test_every_route_is_open_to_whom_the_platform_says(app: Flask, rsa_key: SigningKey) -> None:
    assert observed(app, rsa_key) == expected()
