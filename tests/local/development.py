"""What `./pants run` of a `local_runtime` starts, with a copy of the sources that can be edited."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import pytest
import requests
from runtime.local import main as program
from runtime.local.containers import LABEL

from tests.engine.connection import connect

_READY = re.compile(r"runs at (\S+)\nuser (\S+), password (\S+)\n\Z")
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


def ids(engine_at: str) -> List[str]:
    """Which containers there are of all such runs."""
    client = connect(engine_at, timeout=60)
    found = sorted(str(each.id) for each in client.containers.list(filters={"label": LABEL}))
    client.close()
    return found


def kill(engine_at: str, part: str) -> None:
    """Kill the container of a part of the one run there is, by SIGKILL."""
    client = connect(engine_at, timeout=60)
    for each in client.containers.list(filters={"label": LABEL, "name": f"-{part}$"}):
        each.kill()
    client.close()


class Command:
    """A command that a user types.

    Args:
        process: It runs it.
        log: The file that has what it prints.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return self._log.read_text(errors="replace")

    def end(self, seconds: float) -> int:
        """Wait until it ends; kill it after so many seconds, and fail."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"It did not end within {seconds:g} s:\n{self.output[-6000:]}")

    def introduced(self) -> Sequence[str]:
        """Address, user and password, which are the last that it printed."""
        assert self.process.returncode == 0, self.output
        found = _READY.search(self.output)
        assert found, self.output
        return found.groups()


class Development:
    """What one target of a checkout starts.

    Args:
        engine_at: Address of the engine.
        images: A layout and a reference each, of Airflow and of Postgres.
        sources: The copy.
        name: Of the target.
    """

    def __init__(
        self,
        engine_at: str,
        images: Sequence["tuple[Path, str]"],
        sources: Path,
        name: str = "x",
    ) -> None:
        words = [sys.executable, "-m", program.__name__, f"--command=./pants run {name}:dev --"]
        for option, (layout, reference) in zip(("--airflow", "--database"), images):
            words += [option, str(layout), reference]
        for source, target in _LIVE.items():
            words += ["--live", str(sources / source), target]
        self._words = words
        self._sources = sources
        self._environment = {
            **os.environ,
            "DOCKER_HOST": engine_at,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def begin(self, *arguments: str) -> Command:
        """Run the command with what a user adds."""
        number = len(list(self._sources.parent.glob("log-*")))
        log = self._sources.parent / f"log-{number}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self._words, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
            )
        return Command(process, log)

    def call(self, *arguments: str, seconds: float = 60) -> Command:
        """Run the command, and wait until it ends."""
        command = self.begin(*arguments)
        command.end(seconds)
        return command

    def processes(self) -> List[int]:
        """All processes of this machine that are about it."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if program.__name__ in words and str(self._sources) in words:
                found.append(int(folder.name))
        return found


def log_in(address: str, user: str, password: str) -> requests.Session:
    """A session of a browser's that has sent the login form."""
    session = requests.Session()
    form = session.get(f"{address}/login/", timeout=60).text
    token = _TOKEN.search(form)
    assert token, form
    data = {"username": user, "password": password, "csrf_token": token[1]}
    session.post(f"{address}/login/", data=data, timeout=60).raise_for_status()
    return session
