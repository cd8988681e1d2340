"""Every page in a browser: our footer and menu, nothing broken, nothing from another host."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.engine.container import Container
from tests.stack.webserver import PLATFORM
from tests.ui.browser import HOST, Seen, look
from tests.ui.conftest import LOCAL_PORT, PASSWORD
from tests.ui.pages import BARE, FRAMED, OF_USERS

NAVBAR_COLOUR = "rgb(74, 68, 102)"

# What Airflow 2.3.3 makes of the name of a style sheet that it does not have.
_MISSING_IN_AIRFLOW = {"/static/"}

# It asks Google about its login, and is held back.
_HELD_BACK = re.compile("accounts.google.com|Failed to fetch")

_STATUS = {"not-found": 404, "error": 500, "not-allowed": 403}

# Of each view of Flask-AppBuilder's: data, downloads, what only deletes, forms that no role has.
_NO_PAGE = re.compile(
    r"/\w+/(api|action|delete|download)\b.*"
    r"|/(actions|job|log|permissions|resources|slamiss|taskreschedule|triggerview|xcom)"
    r"/(add|edit|show)\b.*"
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


@pytest.fixture(scope="module")
def seen(platform: BrowserContext, screenshots: Path) -> Dict[str, Seen]:
    """All pages, as an Admin of the platform sees them."""
    return look(platform, {**FRAMED, **BARE}, screenshots)


def sound(page: Seen, status: int = 200) -> None:
    """A page that shows what it is there for, complains of nothing, and asks nobody else."""
    assert (page.status, page.shows) == (status, True), page.text
    assert page.outside == []
    assert set(page.missing) <= _MISSING_IN_AIRFLOW


@pytest.fixture
def versions(release: Dict[str, Any], airflow_version: str) -> str:
    """What the footer says."""
    return f"Astronomer Runtime {release['release']} based on Airflow {airflow_version}"


@pytest.mark.parametrize("name", FRAMED)
def test_a_page_says_what_is_running_and_is_not_broken(
    seen: Dict[str, Seen], versions: str, name: str
) -> None:
    page = seen[name]
    sound(page)
    assert page.errors == []
    assert versions in page.text
    assert "Image tag: " + PLATFORM["AIRFLOW__ASTRONOMER__IMAGE_TAG"] in page.text
    assert "Astronomer" in page.text.splitlines()
    assert "is available." not in page.text


@pytest.mark.parametrize("name", BARE)
def test_a_page_without_frame_is_not_broken(seen: Dict[str, Seen], name: str) -> None:
    page = seen[name]
    sound(page, _STATUS.get(name, 200))
    assert [error for error in page.errors if not _HELD_BACK.search(error)] == []


def test_the_bar_has_the_brand_s_colour_and_the_menu_leads_to_astronomer(
    platform: BrowserContext, screenshots: Path
) -> None:
    page = platform.new_page()
    page.goto("/home")
    bar = page.locator(".navbar").first
    assert bar.evaluate("each => getComputedStyle(each).backgroundColor") == NAVBAR_COLOUR
    page.get_by_text("Astronomer", exact=True).hover()
    for name in ("Docs", "Registry", "Guides"):
        link = page.locator("a[href*='astronomer.io']", has_text=name)
        assert link.is_visible(), name
        assert link.get_attribute("rel") == "noopener noreferrer"
    page.screenshot(path=screenshots / "menu.png")
    page.close()


def test_on_a_telephone_the_versions_stand_above_airflow_s_own(
    platform: BrowserContext, screenshots: Path
) -> None:
    page = platform.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/home", wait_until="networkidle")
    ours = page.locator(".astronomer-version").bounding_box()
    theirs = page.locator("footer").bounding_box()
    page.screenshot(path=screenshots / "home-telephone.png", full_page=True)
    assert ours and theirs and ours["y"] + ours["height"] <= theirs["y"]
    page.close()


def test_every_page_that_airflow_serves_is_looked_at(finished_run: Container) -> None:
    printed = finished_run.exec(["/entrypoint", "python3", "-c", _ROUTES], seconds=180).checked()
    # Below what Airflow logs while it starts.
    rules: List[str] = json.loads(printed.stdout.splitlines()[-1])
    looked = {path.partition("?")[0] for path, _ in [*FRAMED.values(), *BARE.values()]}
    looked |= {path.partition("?")[0] for path, _ in OF_USERS.values()} | {"/login/"}
    others = [
        rule
        for rule in rules
        if rule.replace("<string:dag_id>", "sample").replace("<pk>", "1") not in looked
        and not _NO_PAGE.fullmatch(rule)
    ]
    assert others == []


def test_locally_one_logs_in_and_sees_no_image_tag(
    local: Browser, versions: str, screenshots: Path
) -> None:
    context = local.new_context(base_url=f"http://{HOST}:{LOCAL_PORT}")
    before = {"login": ("/login/", "Sign In"), "not-found-anonymous": ("/no", "cannot be found")}
    for name, page in look(context, before, screenshots).items():
        sound(page, 404 if name.startswith("not-found") else 200)
        assert page.errors == []
        assert "Astronomer Runtime" not in page.text

    form = context.new_page()
    form.goto("/login/")
    form.fill("#username", "admin")
    form.fill("#password", PASSWORD)
    form.click("input[type=submit]")
    form.wait_for_url("**/home")
    form.close()

    pages = look(context, {"home-local": ("/home", "DAGs"), **OF_USERS}, screenshots)
    for page in pages.values():
        sound(page)
        assert page.errors == []
        assert versions in page.text
        assert "Image tag" not in page.text
