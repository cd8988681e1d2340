"""A real Postgres for the session; every test gets a database of its own in it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for

PASSWORD = "correct-horse"

_START_SECONDS = 60


@dataclass(frozen=True)
class Database:
    """One database of the session's Postgres."""

    server: Postgres
    name: str

    @property
    def url(self) -> str:
        """Its SQLAlchemy URL, for containers whose network mode is `network`."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:5432/{self.name}"

    @property
    def network(self) -> str:
        """Network mode that a container needs to reach it."""
        return self.server.network

    def query(self, sql: str) -> str:
        """The rows of a query, a line each, columns joined by `|`."""
        return self.server.query(sql, database=self.name)


class Postgres:
    """A Postgres container, which other containers reach at 127.0.0.1 by sharing its network."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @classmethod
    def start(cls, engine: Engine, image: str) -> Postgres:
        """Starts one and waits until it serves."""
        container = engine.start(image, environment={"POSTGRES_PASSWORD": PASSWORD})
        postgres = cls(container)
        wait_for("Postgres to serve", postgres._serves, _START_SECONDS, container.logs)
        return postgres

    @property
    def network(self) -> str:
        """Network mode that a container needs to reach it."""
        return self._container.network

    def query(self, sql: str, database: str = "postgres") -> str:
        """The rows of a query, a line each, columns joined by `|`."""
        argv = ["psql", "--host=127.0.0.1", "--username=postgres", f"--dbname={database}"]
        finished = self._container.exec(
            [*argv, "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", f"--command={sql}"],
            environment={"PGPASSWORD": PASSWORD},
        )
        return finished.checked().stdout.strip()

    def database(self, template: str = "template1") -> Database:
        """Makes a database, as a copy of another one that nobody is connected to."""
        name = f"test_{uuid.uuid4().hex}"
        self.query(f"CREATE DATABASE {name} TEMPLATE {template}")
        return Database(self, name)

    def _serves(self) -> bool:
        ready = self._container.exec(["pg_isready", "--host=127.0.0.1", "--quiet"])
        return ready.exit_code == 0
