"""Every page in a browser: our footer and menu, nothing broken, nothing from another host."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.engine.container import Container
from tests.ui import checks
from tests.ui.browser import HOST, Seen, look
from tests.ui.conftest import LOCAL_PORT, PASSWORD
from tests.ui.pages import BARE, FRAMED, OF_USERS


@pytest.fixture(scope="module")
def seen(platform: BrowserContext, screenshots: Path) -> Dict[str, Seen]:
    """All pages, as an Admin of the platform sees them."""
    return look(platform, {**FRAMED, **BARE}, screenshots)


@pytest.mark.parametrize("name", FRAMED)
def test_a_page_says_what_is_running_and_is_not_broken(
    seen: Dict[str, Seen], versions: str, name: str
) -> None:
    checks.framed(seen[name], versions)


@pytest.mark.parametrize("name", BARE)
def test_a_page_without_frame_is_not_broken(seen: Dict[str, Seen], name: str) -> None:
    checks.bare(seen[name], name)


def test_the_bar_has_the_brand_s_colour_and_the_menu_leads_to_astronomer(
    platform: BrowserContext, screenshots: Path
) -> None:
    checks.bar(platform, screenshots / "menu.png")


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
    assert checks.not_looked_at(finished_run, {**FRAMED, **BARE, **OF_USERS}) == []


def test_locally_one_logs_in_and_sees_no_image_tag(
    local: Browser, versions: str, screenshots: Path
) -> None:
    context = local.new_context(base_url=f"http://{HOST}:{LOCAL_PORT}")
    before = {"login": ("/login/", "Sign In"), "not-found-anonymous": ("/no", "cannot be found")}
    for name, page in look(context, before, screenshots).items():
        checks.sound(page, 404 if name.startswith("not-found") else 200)
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
        checks.sound(page)
        assert page.errors == []
        assert versions in page.text
        assert "Image tag" not in page.text
