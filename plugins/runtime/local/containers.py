"""The containers of one run, which share one network: to each other, all are at 127.0.0.1."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Sequence

from oci.sandbox.engine import Engine
from oci.sandbox.errors import SandboxError

LABEL = "io.astronomer.runtime.local"
"""Label of everything that a run makes in the engine; its value is the run's name."""

_PART = f"{LABEL}.part"
_FACT = f"{LABEL}.fact."

_FILES = "/run/live"

# What the engine was asked for while a start was killed appears a moment later.
_LOOKS, _PAUSE = 3, 0.5


class Mount(NamedTuple):
    """A file or folder of this machine that a container sees, read-only."""

    source: Path
    target: str


class Part(NamedTuple):
    """A container of a run, as the engine has it now."""

    name: str
    """What it is called within the run."""

    id: str
    running: bool

    exit_code: int
    """What it ended with; 0 while it runs."""

    facts: Dict[str, str]
    """What it was given to remember."""


class Containers:
    """Starts, finds and removes what belongs to a run.

    All that is known of a run is in its containers' labels, so that any process finds it, and
    nothing is left to a process that may be killed.

    Args:
        engine: Where they are.
        run: The run's name, part of their own.
    """

    def __init__(self, engine: Engine, run: str) -> None:
        self._engine = engine
        self._run = run
        self._ours = ("--filter", f"label={LABEL}={run}")

    def volume(self, name: str) -> str:
        """Make a volume; returns what to mount."""
        full = f"{self._run}-{name}"
        self._checked("volume", "create", "--label", f"{LABEL}={self._run}", full)
        return full

    def start(
        self,
        name: str,
        image: str,
        arguments: Sequence[str] = (),
        *,
        network: str,
        environment: Mapping[str, str] = {},
        mounts: Sequence[Mount] = (),
        options: Sequence[str] = (),
        facts: Mapping[str, str] = {},
    ) -> None:
        """Start a container.

        Args:
            name: What it is called within the run.
            image: A reference that the engine knows.
            arguments: What follows the image.
            network: What `docker run --network` takes.
            environment: Variables; their values appear in no list of processes.
            mounts: What it sees of this machine.
            options: Further ones of `docker run`.
            facts: What `parts` tells of it.

        Raises:
            SandboxError: the engine refuses it.
        """
        words = ["create", "--name", self.full_name(name), "--network", network]
        words += ["--label", f"{LABEL}={self._run}", "--label", f"{_PART}={name}"]
        # They are asked when it matters, without waiting for the next round.
        words += ["--no-healthcheck"]
        for key, value in facts.items():
            words += ["--label", f"{_FACT}{key}={value}"]
        for variable in environment:
            words += ["--env", variable]
        links = {}
        for number, (source, target) in enumerate(mounts):
            if source.is_file():
                # By its folder: a file that is mounted itself stays what it was when an editor
                # puts another one in its place.
                folder = f"{_FILES}/{number}"
                links[target] = f"{folder}/{source.name}"
                source, target = source.parent, folder
            # A line of CSV.
            quoted = str(source).replace('"', '""')
            words += ["--mount", f'type=bind,"source={quoted}",target={target},readonly']
        steps = [([*words, *options, image, *arguments], b"")]
        if links:
            steps.append((["cp", "-", f"{self.full_name(name)}:/"], _links(links)))
        steps.append((["start", self.full_name(name)], b""))
        for step, sent in steps:
            answer = subprocess.run(
                [self._engine.docker, *step],
                env={**self._engine.env, **environment},
                input=sent,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            if answer.returncode:
                why = _last_line(answer.stderr.decode(errors="replace"))
                raise SandboxError(f"The {name} could not be started: {why}")

    def full_name(self, name: str) -> str:
        """What the engine calls a container of the run."""
        return f"{self._run}-{name}"

    def first_network(self) -> str:
        """Network of the container whose network the others share."""
        # Engines without a bridge have the container's own loopback interface alone.
        bridge = self._engine.call("network", "inspect", "bridge")
        return "none" if bridge.returncode else "bridge"

    def parts(self) -> Dict[str, Part]:
        """The run's containers by name, in the order in which they were made."""
        ids = self._listed("container", "ls", "--all", "--no-trunc")
        if not ids:
            return {}
        answer = self._engine.call("container", "inspect", *reversed(ids))
        # One that went since it was listed is left out of the answer.
        parts = [_part(each) for each in json.loads(answer.stdout or "[]")]
        return {part.name: part for part in parts}

    def wait(self, name: str) -> int:
        """Wait until a container ends; returns what it ended with."""
        return int(self._checked("wait", self.full_name(name)))

    def exec(self, name: str, *command: str) -> bool:
        """Run a command in a container, next to its own; whether it succeeds."""
        return self._engine.call("exec", self.full_name(name), *command).returncode == 0

    def remove(self, *names: str) -> None:
        """Remove containers, whatever they do."""
        self._checked("rm", "--force", "--volumes", *map(self.full_name, names))

    def remove_all(self) -> None:
        """Remove everything that belongs to the run, also what appears a moment later.

        Raises:
            SandboxError: the engine keeps something.
        """
        for look in range(_LOOKS):
            if look:
                time.sleep(_PAUSE)
            containers = self._listed("container", "ls", "--all")
            if containers:
                self._engine.call("container", "rm", "--force", "--volumes", *containers)
            volumes = self._listed("volume", "ls")
            if volumes:
                self._engine.call("volume", "rm", "--force", *volumes)
        left = [*self._listed("container", "ls", "--all"), *self._listed("volume", "ls")]
        if left:
            raise SandboxError(
                f"The engine keeps {', '.join(left)}: remove that by `docker rm --force` or "
                "`docker volume rm`, or start the engine again."
            )

    def _listed(self, *command: str) -> List[str]:
        return self._checked(*command, "--quiet", *self._ours).split()

    def _checked(self, *arguments: str) -> str:
        answer = self._engine.call(*arguments)
        if answer.returncode:
            raise SandboxError(f"The engine refused: {_last_line(answer.stderr)}")
        return answer.stdout.strip()


def _part(inspected: Dict[str, object]) -> Part:
    state, config = inspected["State"], inspected["Config"]
    assert isinstance(state, dict) and isinstance(config, dict)
    labels: Dict[str, str] = config["Labels"]
    facts = {key[len(_FACT) :]: value for key, value in labels.items() if key.startswith(_FACT)}
    return Part(
        labels.get(_PART, ""), str(inspected["Id"]), state["Running"], state["ExitCode"], facts
    )


def _links(links: Mapping[str, str]) -> bytes:
    """A tar of symbolic links: absolute paths, and what they point to."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, target in links.items():
            info = tarfile.TarInfo(path.lstrip("/"))
            info.type = tarfile.SYMTYPE
            info.linkname = target
            tar.addfile(info)
    return stream.getvalue()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and "--help" not in line]
    return lines[-1].strip() if lines else "it did not say why."
