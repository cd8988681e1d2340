"""The same of Airflow 2.2."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
import yaml
from playwright.sync_api import BrowserContext

from tests.conftest import migrate
from tests.engine.container import Container
from tests.engine.session import Engine
from tests.stack.postgres import Database, Postgres
from tests.ui import checks
from tests.ui.browser import Seen, look
from tests.ui.pages import BARE, FRAMED_2_2, OF_USERS

RELEASE = "4.2.6"


@pytest.fixture(scope="module")
def release() -> Dict[str, Any]:
    manifest: Dict[str, Any] = yaml.safe_load(Path(f"versions/{RELEASE}/release.yaml").read_text())
    return manifest


@pytest.fixture(scope="module")
def airflow_version(release: Dict[str, Any]) -> str:
    return str(release["airflow"])


@pytest.fixture(scope="module")
def runtime_image(engine: Engine, dist: Path) -> str:
    return engine.load(dist / "images" / RELEASE)


@pytest.fixture(scope="module")
def migrated(engine: Engine, runtime_image: str, postgres: Postgres) -> Database:
    return migrate(engine, runtime_image, postgres)


@pytest.fixture(scope="module")
def seen(platform: BrowserContext, screenshots: Path) -> Dict[str, Seen]:
    """All pages, as an Admin of the platform sees them."""
    folder = screenshots / "airflow-2.2"
    folder.mkdir(exist_ok=True)
    return look(platform, {**FRAMED_2_2, **BARE}, folder)


@pytest.mark.parametrize("name", FRAMED_2_2)
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
    checks.bar(platform, screenshots / "airflow-2.2" / "menu.png")


def test_every_page_that_airflow_serves_is_looked_at(finished_run: Container) -> None:
    # Those of users are seen with Airflow 2.3: Flask-AppBuilder has them.
    looked = {**FRAMED_2_2, **BARE, **OF_USERS}
    assert checks.not_looked_at(finished_run, looked) == ["/variable/show/<pk>"]
