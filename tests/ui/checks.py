"""What holds for every page, whatever Airflow shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import AbstractSet, List, Mapping, Tuple

from playwright.sync_api import BrowserContext

from tests.engine.container import Container
from tests.stack.webserver import PLATFORM
from tests.ui.browser import Seen

NAVBAR_COLOUR = "rgb(74, 68, 102)"

# What Airflow makes of the name of a style sheet that it does not have.
_MISSING_IN_AIRFLOW = {"/static/"}

# It asks Google about its login, and is held back.
_HELD_BACK = re.compile("accounts.google.com|Failed to fetch")

STATUS = {"not-found": 404, "error": 500, "not-allowed": 403}

# Of each view of Flask-AppBuilder's: data, downloads, what only deletes, forms that no role has.
_NO_PAGE = re.compile(
    r"/\w+/(api|action|delete|download)\b.*"
    r"|/(actions|job|log|permissions|permissionviews|resources|slamiss|taskreschedule|triggerview"
    r"|viewmenus|xcom)/(add|edit|show)\b.*"
    r"|/(connection|dagrun|pool|taskinstance)/show/.*|/(dagrun|taskinstance)/add"
    # Answers of another kind, and ways to other pages.
    r"|/api/v1/.*|/static/.*|/astronomer/static/.*|/object/.*|/robots.txt|/health|/dagmodel/.*"
    r"|/extra_links|/get_logs_with_metadata|/redirect_to_external_log|/|/back|/lang/.*|/logout/"
    r"|/(calendar|code|dag_details|duration|gantt|graph|landing_times|legacy_tree|tree|tries)"
    r"|/dags/<string:dag_id>|/userstatschartview/chart/<group_by>"
    # Of a task in Kubernetes.
    r"|/rendered-k8s"
    # Needs the row's whole key in its address, in a form that is Airflow's own.
    r"|/taskinstance/edit/<pk>"
)

_ROUTES = """
import json

from airflow.www.app import create_app
rules = create_app().url_map.iter_rules()
print(json.dumps([rule.rule for rule in rules if "GET" in rule.methods]))
"""


def sound(page: Seen, status: int = 200) -> None:
    """A page that shows what it is there for, complains of nothing, and asks nobody else."""
    assert (page.status, page.shows) == (status, True), page.text
    assert page.outside == []
    assert set(page.missing) <= _MISSING_IN_AIRFLOW


def framed(page: Seen, versions: str) -> None:
    """A sound page of a platform's, with our menu and footer."""
    sound(page)
    assert page.errors == []
    assert versions in page.text
    assert "Image tag: " + PLATFORM["AIRFLOW__ASTRONOMER__IMAGE_TAG"] in page.text
    assert "Astronomer" in page.text.splitlines()
    assert "is available." not in page.text


def bare(page: Seen, name: str) -> None:
    """A sound page without a frame."""
    sound(page, STATUS.get(name, 200))
    assert [error for error in page.errors if not _HELD_BACK.search(error)] == []


def bar(context: BrowserContext, screenshot: Path) -> None:
    """The bar has the brand's colour, and its menu leads to Astronomer."""
    page = context.new_page()
    page.goto("/home")
    navbar = page.locator(".navbar").first
    assert navbar.evaluate("each => getComputedStyle(each).backgroundColor") == NAVBAR_COLOUR
    page.get_by_text("Astronomer", exact=True).hover()
    for name in ("Docs", "Registry", "Guides"):
        link = page.locator("a[href*='astronomer.io']", has_text=name)
        assert link.is_visible(), name
        assert link.get_attribute("rel") == "noopener noreferrer"
    page.screenshot(path=screenshot)
    page.close()


def not_looked_at(container: Container, pages: Mapping[str, Tuple[str, str]]) -> List[str]:
    """Rules of the application's that are pages, and none of these."""
    printed = container.exec(["/entrypoint", "python3", "-c", _ROUTES], seconds=180).checked()
    # Below what Airflow logs while it starts.
    rules: List[str] = json.loads(printed.stdout.splitlines()[-1])
    looked: AbstractSet[str] = {path.partition("?")[0] for path, _ in pages.values()} | {"/login/"}
    return [
        rule
        for rule in rules
        if rule.replace("<string:dag_id>", "sample").replace("<pk>", "1") not in looked
        and not _NO_PAGE.fullmatch(rule)
    ]
