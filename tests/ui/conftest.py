"""One Airflow with a finished run, seen by a browser: on a platform, and locally."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Generator, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.stack.airflow import DAGS, HOME
from tests.stack.postgres import Database, Postgres
from tests.stack.webserver import PLATFORM, PORT, begin, start_webserver, tokens
from tests.ui.browser import HOST, browser_in
from tests.ui.pages import DAG, EXECUTION_DATE, PLUGIN

PASSWORD = "only-in-this-test"

LOCAL_PORT = 8081
"""Both webservers share the database's network."""

_COOKIE = "platform_token"

_RUN_SECONDS = 120

_LOG_TAIL = 6000

_FILES = {f"{DAGS}/sample.py": DAG, f"{HOME}/plugins/weather.py": PLUGIN}

_SERVERS: pytest.StashKey[Dict[str, Container]] = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show what the webservers said beside what a browser could not see."""
    report = (yield).get_result()
    module = item.getparent(pytest.Module)
    if not module or not report.failed:
        return
    for name, server in module.stash.get(_SERVERS, {}).items():
        report.sections.append((f"What the webserver of `{name}` said", server.logs()[-_LOG_TAIL:]))


@contextmanager
def _heard(request: pytest.FixtureRequest, server: Container) -> Iterator[None]:
    # Only while it serves: one that does not start is told of by what waits for it.
    servers = request.node.stash.setdefault(_SERVERS, {})
    servers[request.fixturename] = server
    try:
        yield
    finally:
        del servers[request.fixturename]


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder that Pants keeps below `dist/test`."""
    folder = Path("extra-output", "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; there can be only one of it at a time.

    Where there is no browser the tests are skipped, or fail where ASTRO_RUNTIME_REQUIRE_ENGINE=1.
    """
    sentence = ""
    if shutil.which("chromium") is None:
        sentence = "There is no `chromium`: install Debian's package chromium."
    elif os.geteuid() != 0:
        sentence = "Only root can enter the network of a container: run it as root."
    if sentence and os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
        pytest.fail(sentence, pytrace=False)
    if sentence:
        pytest.skip(sentence)
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def versions(release: Dict[str, Any], airflow_version: str) -> str:
    """What the footer says."""
    return f"Astronomer Runtime {release['release']} based on Airflow {airflow_version}"


@pytest.fixture(scope="module")
def finished_run(
    request: pytest.FixtureRequest,
    engine: Engine,
    runtime_image: str,
    postgres: Postgres,
    migrated: Database,
) -> Iterator[Container]:
    """A webserver of a platform whose DAG `sample` has run."""
    database = postgres.database(template=migrated.name)
    with start_webserver(
        engine,
        runtime_image,
        database,
        {
            **PLATFORM,
            "AIRFLOW__ASTRONOMER__JWT_COOKIE": _COOKIE,
            "AIRFLOW__WEBSERVER__EXPOSE_CONFIG": "True",
            "AIRFLOW__WEBSERVER__WORKERS": "2",
        },
        # In one container, so that the webserver finds the logs.
        command="airflow scheduler & airflow triggerer & exec airflow webserver",
        files=_FILES,
    ) as container:
        made = tokens(container, ["Admin"])["Admin"]
        container.exec(["bash", "-c", f"echo '{made}' > /tmp/token"]).checked()
        begin(container)
        container.exec(["airflow", "variables", "set", "greeting", "hello"], seconds=180).checked()
        run = ["airflow", "dags", "trigger", "sample", "--run-id", "run"]
        wait_for(
            "the DAG to be parsed",
            lambda: database.query("SELECT count(*) FROM serialized_dag") == "2",
            _RUN_SECONDS,
            container.logs,
        )
        container.exec([*run, "--exec-date", EXECUTION_DATE], seconds=180).checked()
        wait_for(
            "the DAG runs to end",
            lambda: database.query("SELECT state FROM dag_run") == "success\nsuccess",
            _RUN_SECONDS,
            container.logs,
        )
        with _heard(request, container):
            yield container


@pytest.fixture(scope="module")
def platform(playwright: Playwright, finished_run: Container) -> Iterator[BrowserContext]:
    """A browser of an Admin, who has the platform's cookie."""
    token = finished_run.exec(["cat", "/tmp/token"]).stdout.strip()
    with browser_in(playwright, finished_run) as browser:
        context = browser.new_context(base_url=f"http://{HOST}:{PORT}")
        context.add_cookies([{"name": _COOKIE, "value": token, "url": f"http://{HOST}:{PORT}"}])
        yield context


@pytest.fixture(scope="module")
def local(
    request: pytest.FixtureRequest,
    playwright: Playwright,
    engine: Engine,
    runtime_image: str,
    postgres: Postgres,
    migrated: Database,
) -> Iterator[Browser]:
    """A browser of nobody, and a webserver without a platform, with a user `admin`."""
    database = postgres.database(template=migrated.name)
    settings = {"AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(LOCAL_PORT)}
    with start_webserver(engine, runtime_image, database, settings) as container:
        words = ["airflow", "users", "create", "--role", "Admin", "--username", "admin"]
        words += ["--firstname", "Ada", "--lastname", "L", "--email", "ada@test"]
        container.exec([*words, "--password", PASSWORD], seconds=180).checked()
        begin(container, LOCAL_PORT)
        with browser_in(playwright, container) as browser, _heard(request, container):
            yield browser
