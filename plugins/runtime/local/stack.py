"""A release with its database: started in order, until all of it is healthy."""

from __future__ import annotations

import http.client
import json
import time
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Sequence

from oci.sandbox.engine import Engine
from oci.sandbox.errors import SandboxError
from runtime.local import airflow, logs, relay, reloader
from runtime.local.containers import Containers, Mount, Part
from runtime.local.logs import say

_DATABASE_SECONDS = 60
_HEALTHY_SECONDS = 300
_ADDRESS_SECONDS = 30

_PAUSE = 1.0
"""Seconds between two looks."""

_GRACE_SECONDS = {"scheduler": 3}
"""What a component gets to end by itself at an edit: only tasks have something to lose."""

_CPU_SHARES = {"webserver": 8192}
"""Whose pages somebody waits for after an edit; 1024 is the engine's default."""

ADDRESS = "address"
"""The container that comes last: with it, all was healthy."""

PARTS = ("postgres", *airflow.COMPONENTS, "relay", ADDRESS)
"""The containers of a whole run."""

# A folder of the image's user: an empty volume takes the owner of what it is mounted on.
_SOCKETS = f"{airflow.HOME}/logs"
_SOCKET = f"unix:{_SOCKETS}/webserver"


def free_port(port: Optional[int]) -> int:
    """A port of this machine's loopback interface that can be had.

    Args:
        port: Which; None for Airflow's own, or any where that is taken.

    Raises:
        SandboxError: the port is taken.
    """
    for each in (airflow.PORT, 0) if port is None else (port,):
        try:
            with relay.listen(f"tcp:127.0.0.1:{each}") as listener:
                return int(listener.getsockname()[1])
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
    raise SandboxError(
        f"Port {port} of 127.0.0.1 cannot be had: {reason}. Name another one, or none."
    )


class Stack:
    """Starts the containers of a release.

    Args:
        engine: Where they run.
        containers: Those of the run, of which there are none.
        images: References of Airflow's and of the database's image.
        live: What Airflow's containers see of this machine, and start again for.
        mounts: What they see besides.
    """

    def __init__(
        self,
        engine: Engine,
        containers: Containers,
        images: "tuple[str, str]",
        live: Sequence[Mount],
        mounts: Sequence[Mount],
    ) -> None:
        self._engine = engine
        self._containers = containers
        self._image, self._database = images
        self._live = live
        self._mounts = [*live, *mounts]
        self._secrets = airflow.Secrets()
        self._environment = airflow.environment(self._secrets)
        self._network = f"container:{containers.full_name('postgres')}"

    def start(self, port: int, facts: Mapping[str, str]) -> Dict[str, str]:
        """Start everything, and return when it is healthy, at a port of this machine.

        Args:
            port: Which; nobody has it.
            facts: What the last container remembers.

        Returns:
            What the last container remembers: `facts`, address and password.

        Raises:
            SandboxError: a part does not start, or ends; what it wrote is printed before.
        """
        say("Starting postgres")
        self._containers.start(
            "postgres",
            self._database,
            network=self._containers.first_network(),
            environment={"POSTGRES_PASSWORD": self._secrets.database},
        )
        self._await("postgres", airflow.database_health(airflow.DATABASE_USER), _DATABASE_SECONDS)
        self._set_up()
        self._start_components()
        return self._open(port, facts)

    def _set_up(self) -> None:
        say("Making the tables, and the user")
        self._containers.start(
            "set-up",
            self._image,
            ["bash", "-c", airflow.SET_UP],
            network=self._network,
            environment={**self._environment, "ADMIN_PASSWORD": self._secrets.admin},
            mounts=self._mounts,
        )
        code = self._containers.wait("set-up")
        if code:
            self._show("set-up")
            raise SandboxError(
                f"The database could not be made ready: that ended with exit code {code}, and what "
                "it said stands above."
            )
        self._containers.remove("set-up")

    def _start_components(self) -> None:
        say(f"Starting {', '.join(airflow.COMPONENTS)}")
        # Tasks run beside the scheduler, and the webserver shows what they wrote.
        volume = self._containers.volume("logs")
        for name in airflow.COMPONENTS:
            self._containers.start(
                name,
                self._image,
                ["--", "python3", "-c", _source(reloader.__file__), *self._reloaded(name)],
                network=self._network,
                environment=self._environment,
                mounts=self._mounts,
                options=[
                    *("--entrypoint", "tini", "--volume", f"{volume}:{airflow.HOME}/logs"),
                    f"--cpu-shares={_CPU_SHARES.get(name, 1024)}",
                ],
            )
        for name in airflow.COMPONENTS:
            self._await(name, airflow.health(name), _HEALTHY_SECONDS)

    def _reloaded(self, name: str) -> List[str]:
        words = [f"--watch={mount.target}" for mount in self._live]
        words.append(f"--grace={_GRACE_SECONDS.get(name, 0)}")
        if name == "webserver":
            words.append(f"--url=http://127.0.0.1:{airflow.PORT}/health")
        return [*words, "--", "/entrypoint", *airflow.command(name)]

    def _open(self, port: int, facts: Mapping[str, str]) -> Dict[str, str]:
        volume = self._containers.volume("sockets")
        inside = [_SOCKET, f"tcp:127.0.0.1:{airflow.PORT}"]
        self._relay("relay", volume, inside, self._network, {})
        remembered = {
            **facts,
            "address": f"http://127.0.0.1:{port}",
            "password": self._secrets.admin,
        }
        # The network of this machine: engines need neither a bridge nor a rule of a firewall.
        outside = [f"tcp:127.0.0.1:{port}", _SOCKET]
        self._relay(ADDRESS, volume, outside, "host", remembered)
        self._wait_until(
            (ADDRESS, "relay", "webserver"),
            partial(_serves, port),
            _ADDRESS_SECONDS,
            f"The webserver is healthy, but not reached at port {port} of 127.0.0.1: the engine's "
            "host network must be this machine's, which it is neither with rootless Docker nor in "
            "a virtual machine.",
        )
        return remembered

    def _relay(
        self, name: str, volume: str, ends: List[str], network: str, facts: Mapping[str, str]
    ) -> None:
        self._containers.start(
            name,
            self._image,
            ["-c", _source(relay.__file__), *ends],
            network=network,
            options=["--entrypoint", "python3", "--volume", f"{volume}:{_SOCKETS}"],
            facts=facts,
        )

    def _await(self, name: str, probe: Sequence[str], seconds: float) -> None:
        self._wait_until(
            {name, *(airflow.COMPONENTS if name in airflow.COMPONENTS else ())},
            lambda: self._containers.exec(name, *probe),
            seconds,
            f"The {name} was not healthy within {seconds:g} s; what it said stands above.",
        )

    def _wait_until(
        self, names: "Sequence[str] | set[str]", done: Callable[[], bool], seconds: float, late: str
    ) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            parts = self._containers.parts()
            for name in names:
                part = parts.get(name)
                if part is None or not part.running:
                    self._show(name)
                    how = f"with exit code {part.exit_code}" if part else "and is gone"
                    raise SandboxError(
                        f"The {name} ended {how} before it was healthy; what it said stands above."
                    )
            if time.monotonic() > deadline:
                for name in names:
                    self._show(name)
                raise SandboxError(late)
            time.sleep(_PAUSE)

    def _show(self, name: str) -> None:
        logs.show(self._engine, [part for part in self._parts() if part.name == name])

    def _parts(self) -> List[Part]:
        return list(self._containers.parts().values())


def _source(path: str) -> str:
    return Path(path).read_text()


def _serves(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status == 200 and bool(json.loads(answer.read()))
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()
