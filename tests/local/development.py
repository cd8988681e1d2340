"""What `./pants run` of a `local_runtime` starts, with a copy of the sources that can be edited."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import requests
from runtime.local import main as program
from runtime.local.containers import LABEL

from tests.engine.connection import connect
from tests.engine.waiting import wait_for

_READY = re.compile(r"runs at (\S+)\nuser (\S+), password (\S+)\n")
_TOKEN = re.compile(r'name="csrf_token" type="hidden" value="([^"]+)"')

_LIVE = {
    "astronomer/runtime": "/usr/local/lib/python3.9/dist-packages/astronomer/runtime",
    "files/entrypoint": "/entrypoint",
}


def copy_of_sources(folder: Path) -> Path:
    """The sources of layers/astro, as an image is made of them."""
    return shutil.copytree("layers/astro", folder / "sources")


def left(engine_at: str) -> List[str]:
    """Containers and volumes of all such runs."""
    client = connect(engine_at, timeout=60)
    ours = {"label": LABEL}
    containers = [str(each.name) for each in client.containers.list(all=True, filters=ours)]
    volumes = [str(each.name) for each in client.volumes.list(filters=ours)]
    client.close()
    return sorted([*containers, *volumes])


def kill(engine_at: str, part: str) -> None:
    """Kill the container of a part of the one run there is."""
    client = connect(engine_at, timeout=60)
    for each in client.containers.list(filters={"label": LABEL, "name": f"-{part}$"}):
        each.kill()
    client.close()


class Development:
    """One run.

    Args:
        engine_at: Address of the engine.
        images: A layout and a reference each, of Airflow and of Postgres.
        sources: The copy.
        arguments: Of the user's.
    """

    def __init__(
        self,
        engine_at: str,
        images: Sequence["tuple[Path, str]"],
        sources: Path,
        *arguments: str,
    ) -> None:
        words = [sys.executable, "-m", program.__name__, "--command", "./pants run x:dev --"]
        for option, (layout, reference) in zip(("--airflow", "--database"), images):
            words += [option, str(layout), reference]
        for source, target in _LIVE.items():
            words += ["--live", str(sources / source), target]
        self._log = sources.parent / f"log-{len(list(sources.parent.glob('log-*')))}"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*words, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "DOCKER_HOST": engine_at,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                },
            )

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return self._log.read_text(errors="replace")

    def wait_until_ready(self, seconds: float) -> "re.Match[str]":
        """The address, the user and the password that it printed."""

        def ready() -> bool:
            assert self.process.poll() is None, self.output
            return bool(_READY.search(self.output))

        wait_for("the address", ready, seconds, lambda: self.output[-6000:])
        found = _READY.search(self.output)
        assert found
        return found

    def end(self, number: int = signal.SIGINT) -> int:
        """End it by a signal, and wait."""
        self.process.send_signal(number)
        return self.process.wait(60)


def log_in(address: str, user: str, password: str) -> requests.Session:
    """A session of a browser's that has sent the login form."""
    session = requests.Session()
    form = session.get(f"{address}/login/", timeout=60).text
    token = _TOKEN.search(form)
    assert token, form
    data = {"username": user, "password": password, "csrf_token": token[1]}
    session.post(f"{address}/login/", data=data, timeout=60).raise_for_status()
    return session
