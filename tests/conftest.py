"""Fixtures of the image tests: one engine a session, each image loaded once."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import yaml

from tests.engine.container import Container
from tests.engine.discover import engine_address
from tests.engine.errors import NoEngine
from tests.engine.session import Engine, engine_session
from tests.stack.airflow import environment
from tests.stack.postgres import Database, Postgres
from versions.macros import TESTED_RELEASE

_MIGRATION_SECONDS = 180


@pytest.fixture(scope="session")
def engine_at() -> Iterator[str]:
    """Address of the engine of this test session.

    Without one the tests that need it are skipped, or fail where ASTRO_RUNTIME_REQUIRE_ENGINE=1.
    """
    with ExitStack() as stack:
        try:
            address = stack.enter_context(engine_address())
        except NoEngine as error:
            if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))
        yield address


@pytest.fixture(scope="session")
def engine(engine_at: str) -> Iterator[Engine]:
    """The engine; containers, volumes and builds of the session are removed at its end."""
    with engine_session(engine_at) as session:
        yield session


@pytest.fixture(scope="session")
def dist() -> Path:
    """The folder that holds `images/`: `dist` after a build, the sandbox itself under Pants."""
    return Path(os.environ.get("ASTRO_RUNTIME_DIST", "."))


@pytest.fixture(scope="session")
def release() -> Dict[str, Any]:
    """The manifest of the release under test."""
    manifest: Dict[str, Any] = yaml.safe_load(
        Path(f"versions/{TESTED_RELEASE}/release.yaml").read_text()
    )
    return manifest


@pytest.fixture(scope="session")
def airflow_version(release: Dict[str, Any]) -> str:
    """What Airflow says of itself: its version, with a local one where the release patches it."""
    build = release.get("airflow_build")
    return f"{release['airflow']}+astro.{build}" if build else str(release["airflow"])


@pytest.fixture(scope="session")
def base_image(engine: Engine, dist: Path) -> str:
    """The image without build triggers."""
    return engine.load(dist / "images" / f"{TESTED_RELEASE}-base")


@pytest.fixture(scope="session")
def runtime_image(engine: Engine, dist: Path) -> str:
    """The image with build triggers, which Astro projects stand on."""
    return engine.load(dist / "images" / TESTED_RELEASE)


@pytest.fixture(scope="session")
def postgres_image(engine: Engine, dist: Path) -> str:
    """The tests' own Postgres."""
    return engine.load(dist / "images" / "postgres")


@pytest.fixture(scope="session")
def redis_image(engine: Engine, dist: Path) -> str:
    """The tests' own Redis."""
    return engine.load(dist / "images" / "redis")


@pytest.fixture(scope="session")
def shell(engine: Engine, base_image: str) -> Container:
    """A container of the base image that does nothing, for commands that only look."""
    return engine.start(base_image, ["sleep", "infinity"])


@pytest.fixture(scope="session")
def postgres(engine: Engine, postgres_image: str) -> Postgres:
    """The session's database server."""
    return Postgres.start(engine, postgres_image)


def migrate(engine: Engine, image: str, postgres: Postgres) -> Database:
    """A new database that the image's `airflow db init` has made."""
    database = postgres.database()
    engine.run(
        image,
        ["airflow", "db", "init"],
        network=database.network,
        environment=environment(database.url),
        seconds=_MIGRATION_SECONDS,
    ).checked()
    return database


@pytest.fixture(scope="session")
def migrated(engine: Engine, runtime_image: str, postgres: Postgres) -> Database:
    """A database that `airflow db init` has made; copied by tests, never used itself."""
    return migrate(engine, runtime_image, postgres)


@pytest.fixture
def database(postgres: Postgres, migrated: Database) -> Database:
    """A migrated database of the test's own."""
    return postgres.database(template=migrated.name)
