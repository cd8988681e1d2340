"""Runs a release on this machine, with sources that can be edited, beside whatever else is done.

usage: main.py --command TEXT --airflow LAYOUT REFERENCE --database LAYOUT REFERENCE
    [--live SOURCE TARGET ...] [--port PORT] [--dags FOLDER] [start | stop | status | logs]

TEXT is what the user typed. An image is an OCI image layout, and the reference that the engine
gives it. The containers see the file or folder SOURCE of this machine at TARGET. A user gives the
rest. Containers alone go on when a start has ended, and all that is known of them is in the engine.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Dict, List, Mapping, NoReturn, Optional

from oci.format.layout import read_layout
from oci.sandbox.engine import Engine, load
from oci.sandbox.errors import SandboxError, run
from oci.sandbox.layer_args import host_env
from runtime.local import airflow, logs, relay, reloader, stack
from runtime.local.containers import Containers, Mount, Part
from runtime.local.guard import ENDING, Guard
from runtime.local.logs import say
from runtime.local.stack import ADDRESS, PARTS, Stack, free_port

_RUNNING = (airflow, relay, reloader, stack)
"""Modules that say how containers run, or run in them."""


class Interrupted(BaseException):
    """Somebody wants the run to end."""


def _interrupt(number: int, frame: Optional[FrameType]) -> NoReturn:
    _ignore_ending()
    raise Interrupted()


def _ignore_ending() -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 1 << 16:
        raise ValueError
    return port


def _arguments(words: List[str]) -> argparse.Namespace:
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--command", required=True)
    first.add_argument("--airflow", nargs=2, required=True)
    first.add_argument("--database", nargs=2, required=True)
    first.add_argument("--live", nargs=2, action="append", default=[])
    ours, rest = first.parse_known_args(words)
    # What a user may give, under the name of what the user typed.
    parser = argparse.ArgumentParser(prog=ours.command)
    parser.add_argument(
        "action",
        nargs="?",
        choices=["start", "stop", "status", "logs"],
        default="start",
        help="start it (the default), end and remove it, say how it is, show what it wrote",
    )
    parser.add_argument(
        "--port",
        type=_port,
        help="of the address; by default 8080, or any that is free",
    )
    parser.add_argument("--dags", help="a folder of DAGs, by default none")
    parser.add_argument("--follow", action="store_true", help="go on showing what it writes")
    parser.parse_args(rest, namespace=ours)
    if ours.follow and ours.action != "logs":
        parser.error("--follow goes with logs")
    return ours


def _mount(source: str, target: str, option: str) -> Mount:
    path = Path(source).resolve()
    if not path.exists():
        raise SandboxError(f"{option} names '{source}', which is not in {os.getcwd()}.")
    return Mount(path, target)


class Run:
    """What the user's command is about: one run of a release from a checkout.

    Args:
        arguments: Of the command.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._command = arguments.command
        self._reference = arguments.airflow[1]
        self._engine = Engine(host_env())
        # What `docker ps` shows: the image and the container, and a few letters for what was typed
        # where.
        own = hashlib.sha256(f"{os.getcwd()}\0{self._command}".encode()).hexdigest()[:8]
        name = f"{self._reference.rpartition('/')[2].replace(':', '-')}-{own}"
        self._containers = Containers(self._engine, name)

    def start(self) -> None:
        """Start it, unless it runs as it would be started."""
        arguments = self._arguments
        live = [_mount(source, target, "--live") for source, target in arguments.live]
        dags = [(arguments.dags, f"{airflow.HOME}/dags", "--dags")] if arguments.dags else []
        mounts = [_mount(*each) for each in dags]
        built = self._built([*live, *mounts])
        _lock_checkout()
        before = self._containers.parts()
        last = before.get(ADDRESS)
        if last is not None and _whole(before) and last.facts.get("built") == built:
            say("It runs already, with what was built.")
            self._introduce(last.facts)
            return
        began = time.monotonic()
        # A port that the run before it has is free when that is gone.
        theirs = int(last.facts["address"].rpartition(":")[2]) if last is not None else None
        if last is None or arguments.port not in (None, theirs):
            free_port(arguments.port)
        for layout, reference in (arguments.airflow, arguments.database):
            load(self._engine, read_layout(Path(layout)), reference)
        if before:
            say(f"Removing the run before it: {_why_replaced(before)}.")
            self._containers.remove_all()
        guard = Guard(self._containers.remove_all)
        try:
            references = (self._reference, arguments.database[1])
            new = Stack(self._engine, self._containers, references, live, mounts)
            facts = new.start(free_port(arguments.port), {"built": built})
            _ignore_ending()
            guard.dismiss()
        except BaseException as error:
            _ignore_ending()
            if isinstance(error, Interrupted):
                say("\nStopping, and removing all containers.")
            guard.finish()
            raise
        say(f"All of it is healthy after {time.monotonic() - began:.0f} s.")
        self._introduce(facts)

    def stop(self) -> None:
        """End it, and remove all that belongs to it."""
        _lock_checkout()
        parts = self._containers.parts()
        self._containers.remove_all()
        say("It is removed." if parts else "It does not run.")

    def status(self) -> None:
        """Say how it is.

        Raises:
            SandboxError: it does not run, or a part of it does not.
        """
        parts = self._running_parts()
        for name in PARTS:
            say(self._state(name, parts.get(name)), name)
        if not _whole(parts):
            raise SandboxError(f"A part of it ended: start it anew by `{self._command[:-3]}`.")
        self._introduce(parts[ADDRESS].facts)

    def logs(self) -> None:
        """Show what its containers wrote.

        Raises:
            SandboxError: it does not run.
        """
        parts = self._running_parts().values()
        if self._arguments.follow:
            logs.follow(self._engine, parts)
        else:
            logs.show(self._engine, parts)

    def _running_parts(self) -> Dict[str, Part]:
        parts = self._containers.parts()
        if not parts:
            raise SandboxError(f"It does not run: start it by `{self._command[:-3]}`.")
        return parts

    def _state(self, name: str, part: Optional[Part]) -> str:
        if part is None:
            return "is not there"
        if not part.running:
            return f"ended with exit code {part.exit_code}"
        if name not in airflow.COMPONENTS:
            return "runs"
        healthy = self._containers.exec(name, *airflow.health(name))
        again = logs.last_line(self._engine, part, reloader.READY_AGAIN)
        return ", ".join(filter(None, ["healthy" if healthy else "not healthy", again]))

    def _built(self, mounts: List[Mount]) -> str:
        """A digest of all that a run is made of."""
        layouts = (self._arguments.airflow[0], self._arguments.database[0])
        parts = [
            [read_layout(Path(layout)).config_digest for layout in layouts],
            [[str(source), target] for source, target in mounts],
            self._arguments.port,
            # What runs in the containers beside the images.
            [Path(str(module.__file__)).read_text() for module in _RUNNING],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _introduce(self, facts: Mapping[str, str]) -> None:
        address = facts["address"]
        if self._arguments.live:
            sources = ", ".join(source for source, _ in self._arguments.live)
            say(f"Edits of {sources} start it again.")
        say(
            f"See its logs by `{self._command} logs --follow`, how it is by `status`,\n"
            "and remove it by `stop`, in the place of `logs --follow`.\n"
            f"The REST API is at {address}/api/v1, for the same user.\n\n"
            f"{self._reference} runs at {address}\n"
            f"user {airflow.USER}, password {facts['password']}"
        )


def _lock_checkout() -> None:
    """Wait until no other process starts or stops a run of this checkout; held to the end.

    The guard of a start that was killed has the lock, too, until it has cleaned up.
    """
    folder = os.open(os.getcwd(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another start or stop in this checkout has not ended: waiting for it.")
        fcntl.flock(folder, fcntl.LOCK_EX)


def _whole(parts: Mapping[str, Part]) -> bool:
    return all(name in parts and parts[name].running for name in PARTS)


def _why_replaced(parts: Mapping[str, Part]) -> str:
    if ADDRESS not in parts:
        return "its start was cut short"
    ended = [name for name in PARTS if name not in parts or not parts[name].running]
    if ended:
        return f"{', '.join(ended)} ended"
    return "it was started from other layers, or with other arguments"


def main() -> None:
    arguments = _arguments(sys.argv[1:])
    for number in ENDING:
        signal.signal(number, _interrupt)
    try:
        getattr(Run(arguments), arguments.action)()
    except Interrupted:
        # Whoever interrupts a start has nothing that runs; whoever reads logs has read them.
        sys.exit(0 if arguments.action == "logs" else 130)


if __name__ == "__main__":
    run(main)
