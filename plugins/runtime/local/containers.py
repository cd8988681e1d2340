"""The containers of one run, which share one network: to each other, all are at 127.0.0.1."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from oci.sandbox.engine import Engine
from oci.sandbox.errors import SandboxError

LABEL = "io.astronomer.runtime.local"
"""Label of everything that a run makes in the engine; its value is the run's name."""

_COLUMN = 9
_LAST_WORDS_SECONDS = 5


class Mount(NamedTuple):
    """A file or folder of this machine that a container sees."""

    source: Path
    target: str
    writable: bool = False

    def argument(self) -> str:
        """For `docker run --mount`, which reads it as a line of CSV."""
        source = str(self.source).replace('"', '""')
        kept = "" if self.writable else ",readonly"
        return f'type=bind,"source={source}",target={self.target}{kept}'


class Containers:
    """Starts, watches and stops containers by their name within the run."""

    def __init__(self, engine: Engine, run: str) -> None:
        self._engine = engine
        self._run = run
        self._network = ""
        self._ids: Dict[str, str] = {}
        self._followers: Dict[str, threading.Thread] = {}
        self._kept: Dict[str, List[str]] = {}

    @property
    def label(self) -> str:
        """What all containers and volumes of the run carry."""
        return f"{LABEL}={self._run}"

    def volume(self, name: str) -> str:
        """Make a volume; returns what to mount."""
        full = f"{self._run}-{name}"
        self._checked("volume", "create", "--label", self.label, full)
        return full

    def start(
        self,
        name: str,
        image: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] = {},
        mounts: Sequence[Mount] = (),
        options: Sequence[str] = (),
        quiet: bool = False,
    ) -> None:
        """Start a container; the first one makes the network that the others share.

        Args:
            name: What it is called; its output stands on the terminal under this name.
            image: A reference that the engine knows.
            arguments: What follows the image.
            environment: Variables; their values appear in no list of processes.
            mounts: What it sees of this machine.
            options: Further ones of `docker run`.
            quiet: Print its output where `wait` finds that it failed, and not else.
        """
        words = ["run", "--detach", "--label", self.label, "--name", f"{self._run}-{name}"]
        # They are asked when it matters, without waiting for the next round.
        words += ["--no-healthcheck", "--network", self._network or self._first_network()]
        for variable in environment:
            words += ["--env", variable]
        for mount in mounts:
            words += ["--mount", mount.argument()]
        answer = subprocess.run(
            [self._engine.docker, *words, *options, image, *arguments],
            env={**self._engine.env, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if answer.returncode:
            raise SandboxError(f"The {name} could not be started: {_last_line(answer.stderr)}")
        self._ids[name] = answer.stdout.strip()
        self._network = self._network or f"container:{self._ids[name]}"
        if quiet:
            self._kept[name] = []
        follower = threading.Thread(target=self._follow, args=(name, self._ids[name]), daemon=True)
        follower.start()
        self._followers[name] = follower

    def exit_code(self, name: str) -> Optional[int]:
        """What a container ended with, once all that it wrote is printed; None while it runs."""
        form = "{{.State.Running}} {{.State.ExitCode}}"
        running, code = self._checked("inspect", "--format", form, self._ids[name]).split()
        if running == "true":
            return None
        self._followers[name].join(_LAST_WORDS_SECONDS)
        return int(code)

    def wait(self, name: str) -> int:
        """Wait until a container ends; returns what it ended with, once what it wrote is printed.

        What a quiet one wrote is printed where it failed.
        """
        code = int(self._checked("wait", self._ids[name]))
        self._followers[name].join(_LAST_WORDS_SECONDS)
        if code:
            for line in self._kept.pop(name, []):
                say(line, name)
        return code

    def exec(self, name: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a container, next to its own."""
        return self._engine.call("exec", self._ids[name], *command)

    def replace(self, names: Sequence[str], seconds: int) -> None:
        """Stop and remove containers, so that new ones can have their names.

        Args:
            names: Which; those that have ended already are removed.
            seconds: What they get to end by themselves.
        """
        ids = [self._ids[name] for name in names]
        self._checked("stop", "--time", str(seconds), *ids)
        self._checked("rm", "--force", "--volumes", *ids)

    def _first_network(self) -> str:
        # Engines without a bridge have the container's own loopback interface alone.
        bridge = self._engine.call("network", "inspect", "bridge")
        return "none" if bridge.returncode else "bridge"

    def _checked(self, *arguments: str) -> str:
        answer = self._engine.call(*arguments)
        if answer.returncode:
            raise SandboxError(f"The engine refused: {_last_line(answer.stderr)}")
        return answer.stdout.strip()

    def _follow(self, name: str, container: str) -> None:
        with subprocess.Popen(
            [self._engine.docker, "logs", "--follow", container],
            env=self._engine.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                kept = self._kept.get(name)
                if kept is None:
                    say(text, name)
                else:
                    kept.append(text)


def say(text: str, name: str = "") -> None:
    """Print a line, at once; `name` is the container that wrote it."""
    sys.stdout.write(f"{name:<{_COLUMN}} | {text}\n" if name else f"{text}\n")
    sys.stdout.flush()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and "--help" not in line]
    return lines[-1].strip() if lines else "it did not say why."
