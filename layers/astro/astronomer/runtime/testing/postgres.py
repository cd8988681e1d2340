"""A real Postgres on loopback, with a database of its own for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, List, Optional

from astronomer.runtime.kernel import end_with_parent
from astronomer.runtime.testing.redis import free_port

_START_SECONDS = 60


class PostgresServer:
    """Debian's Postgres; as root it runs as its own account, since it refuses root."""

    def __init__(self, *options: str) -> None:
        """Make a cluster and start it.

        Args:
            options: More of its settings, each as `name=value`.
        """
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert programs, "install Debian's package postgresql-15"
        self._programs = programs[-1]
        self._account: Optional[int] = None
        self._options = options
        self._process: Optional["subprocess.Popen[bytes]"] = None
        # Below the system's folder: pytest's belongs to one account alone, and paths of sockets are
        # short.
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            self._account = account.pw_uid
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.port = free_port()
        self._run(["initdb", "--auth=trust", "--username=postgres", "--no-sync", "-D", "data"])
        self.start()

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/{database}"

    def database(self, template: str = "template1") -> str:
        """Make a database, as a copy of one that nobody uses; returns its name."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def execute(self, statement: str, database: str = "postgres", *values: Any) -> List[Any]:
        """Run a statement; returns its rows."""
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def start(self) -> None:
        """Serve, at the address it had."""
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
            "fsync=off",
            "max_connections=200",
            *self._options,
        ]
        words = [word for setting in settings for word in ("-c", setting)]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self.folder / "data", *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            preexec_fn=self._become,
        )
        ready = ["pg_isready", "--host=127.0.0.1", f"--port={self.port}", "--quiet"]
        deadline_tries = _START_SECONDS * 20
        for _ in range(deadline_tries):
            if subprocess.run([self._programs / ready[0], *ready[1:]]).returncode == 0:
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        raise AssertionError("Postgres does not serve")

    def stop(self) -> None:
        """End as when its machine is shut down: connections are cut."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End without warning; what was committed is there after the next start."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """End, and leave no file."""
        self.kill()
        shutil.rmtree(self.folder)

    def _end(self, how: int) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _run(self, words: List[str]) -> None:
        subprocess.run(
            [self._programs / words[0], *words[1:]],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=self._become,
        )

    def _become(self) -> None:
        if self._account is not None:
            os.setgid(pwd.getpwuid(self._account).pw_gid)
            os.setuid(self._account)
        # After the change of accounts, which takes it away.
        end_with_parent()
