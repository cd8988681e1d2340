"""A release with its database: started in order, and again when its sources change."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, NoReturn, Optional, Sequence, Set

from oci.sandbox.engine import Engine
from oci.sandbox.errors import SandboxError
from runtime.local import airflow, relay
from runtime.local.changes import Changes
from runtime.local.containers import Containers, Mount, say

_DATABASE_SECONDS = 60
_HEALTHY_SECONDS = 300
_GRACE_SECONDS = 3

_PAUSE = 1.0
"""Seconds between two looks; an edit is complete when nothing changed for as long."""

_SERVICES = ("postgres", "relay")
"""What an edit does not start again."""

_SOCKET = "webserver"
_SOCKET_MOUNT = "/run/relay"


class Stack:
    """The containers of a release.

    Args:
        engine: Where they run.
        name: Of the run.
        folder: Of the run's own; removed at its end.
        mounts: What Airflow's containers see of this machine.
    """

    def __init__(self, engine: Engine, name: str, folder: Path, mounts: Sequence[Mount]) -> None:
        self.containers = Containers(engine, name)
        self.folder = folder
        self.secrets = airflow.Secrets()
        self._mounts = mounts
        self._environment = airflow.environment(self.secrets)
        self._options: List[str] = []
        self._image = ""
        self._port = 0

    def listen(self, port: Optional[int]) -> str:
        """Take a port of this machine's loopback interface; returns the address that has it.

        Args:
            port: Which; None for Airflow's own, or any where that is taken.

        Raises:
            SandboxError: the port is taken.
        """
        listener = None
        for each in (airflow.PORT, 0) if port is None else (port,):
            try:
                listener = relay.listen(f"tcp:127.0.0.1:{each}")
                break
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
        if listener is None:
            raise SandboxError(
                f"Port {port} of 127.0.0.1 cannot be had: {reason}. Name another one, or none."
            )
        self._port = listener.getsockname()[1]
        connect = f"unix:{self.folder}/sockets/{_SOCKET}"
        threading.Thread(target=relay.serve, args=(listener, connect), daemon=True).start()
        return f"http://127.0.0.1:{self._port}"

    def start(self, image: str, database: str) -> None:
        """Start everything, and return when it is healthy.

        Raises:
            SandboxError: a part does not start, or ends.
        """
        self._image = image
        password = {"POSTGRES_PASSWORD": self.secrets.database}
        self.containers.start("postgres", database, environment=password)
        self._await("postgres", self._database_serves, _DATABASE_SECONDS)
        # Tasks run beside the scheduler, and the webserver shows what they wrote.
        logs = self.containers.volume("logs")
        self._options = ["--volume", f"{logs}:{airflow.HOME}/logs"]
        admin = {"ADMIN_PASSWORD": self.secrets.admin}
        say("making the tables, and the user", "set-up")
        self._airflow("set-up", ["bash", "-c", airflow.SET_UP], admin, quiet=True)
        code = self.containers.wait("set-up")
        if code:
            raise SandboxError(
                f"The database could not be made ready: that ended with exit code {code}, and what "
                "it said stands above."
            )
        self._start_relay()
        self._start_components()
        self._await("webserver", self._webserver_serves, _HEALTHY_SECONDS)
        for name in airflow.COMPONENTS:
            self._await(name, partial(self._healthy, name), _HEALTHY_SECONDS)

    def watch(self, sources: Sequence[Path]) -> NoReturn:
        """Start Airflow again whenever its sources have changed, for good.

        Raises:
            SandboxError: the database or the relay ended.
        """
        changes = Changes(sources)
        edited: Set[str] = set()
        ended: Set[str] = set()
        while True:
            time.sleep(_PAUSE)
            found = changes.since_last()
            edited.update(found)
            if edited and not found:
                names = ", ".join(os.path.relpath(path) for path in sorted(edited)[:3])
                say(f"{names} changed: starting {', '.join(airflow.COMPONENTS)} again.")
                self.containers.replace(airflow.COMPONENTS, _GRACE_SECONDS)
                self._start_components()
                edited, ended = set(), set()
            for name in _SERVICES:
                code = self.containers.exit_code(name)
                if code is not None:
                    raise SandboxError(
                        f"The {name} ended with exit code {code}, and Airflow does not run without "
                        "it: start all anew by the same command."
                    )
            for name in airflow.COMPONENTS:
                code = None if name in ended else self.containers.exit_code(name)
                if code is not None:
                    ended.add(name)
                    say(f"The {name} ended with exit code {code}; an edit starts it again.")

    def _start_components(self) -> None:
        for name in airflow.COMPONENTS:
            self._airflow(name, ["airflow", name])

    def _airflow(
        self, name: str, command: List[str], more: Dict[str, str] = {}, quiet: bool = False
    ) -> None:
        self.containers.start(
            name,
            self._image,
            command,
            environment={**self._environment, **more},
            mounts=self._mounts,
            options=self._options,
            quiet=quiet,
        )

    def _start_relay(self) -> None:
        sockets = self.folder / "sockets"
        sockets.mkdir()
        # The container's user makes the socket. Nobody else passes the folder above.
        sockets.chmod(0o777)
        source = Path(relay.__file__).read_text()
        ends = [f"unix:{_SOCKET_MOUNT}/{_SOCKET}", f"tcp:127.0.0.1:{airflow.PORT}"]
        self.containers.start(
            "relay",
            self._image,
            ["-c", source, *ends],
            mounts=[Mount(sockets, _SOCKET_MOUNT, writable=True)],
            options=["--entrypoint", "python3"],
        )

    def _await(self, name: str, probe: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not probe():
            for each in {name, *(airflow.COMPONENTS if name in airflow.COMPONENTS else ())}:
                code = self.containers.exit_code(each)
                if code is not None:
                    raise SandboxError(
                        f"The {each} ended with exit code {code} before it was healthy; what it "
                        "said stands above."
                    )
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"The {name} was not healthy within {seconds:g} s; what it said stands above."
                )
            time.sleep(_PAUSE)

    def _database_serves(self) -> bool:
        ready = self.containers.exec("postgres", "pg_isready", "--host=127.0.0.1", "--quiet")
        return ready.returncode == 0

    def _webserver_serves(self) -> bool:
        # By the address that people get.
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            return answer.status == 200 and bool(json.loads(answer.read()))
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _healthy(self, name: str) -> bool:
        return self.containers.exec(name, "astronomer-runtime", "health", name).returncode == 0
