"""Runs a release on this machine until it is interrupted, with sources that can be edited.

usage: main.py --command TEXT --airflow LAYOUT REFERENCE --database LAYOUT REFERENCE
    [--live SOURCE TARGET ...] [--port PORT] [--dags FOLDER]

TEXT is what the user typed. An image is an OCI image layout, and the reference that the engine
gives it. The containers see the file or folder SOURCE of this machine at TARGET. A user gives the
last two.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import uuid
from pathlib import Path
from types import FrameType
from typing import List, NoReturn, Optional

from oci.format.layout import read_layout
from oci.sandbox.engine import Engine, load
from oci.sandbox.errors import SandboxError, run
from oci.sandbox.layer_args import host_env
from runtime.local import airflow
from runtime.local.containers import Mount, say
from runtime.local.guard import stand_guard
from runtime.local.stack import Stack

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants the run to end."""


def _interrupt(number: int, frame: Optional[FrameType]) -> NoReturn:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted()


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
        "--port",
        type=_port,
        help="of the address; by default 8080, or any that is free",
    )
    parser.add_argument("--dags", help="a folder of DAGs, by default none")
    return parser.parse_args(rest, namespace=ours)


def _mount(source: str, target: str, option: str) -> Mount:
    path = Path(source).resolve()
    if not path.exists():
        raise SandboxError(f"{option} names '{source}', which is not in {os.getcwd()}.")
    return Mount(path, target)


def _loaded(engine: Engine, layout: str, reference: str) -> str:
    load(engine, read_layout(Path(layout)), reference)
    return reference


def main() -> None:
    arguments = _arguments(sys.argv[1:])
    live = [_mount(source, target, "--live") for source, target in arguments.live]
    mounts = list(live)
    if arguments.dags:
        mounts.append(_mount(arguments.dags, f"{airflow.HOME}/dags", "--dags"))
    for number in _ENDING:
        signal.signal(number, _interrupt)
    reference = arguments.airflow[1]
    finish = None
    try:
        engine = Engine(host_env())
        # What `docker ps` shows: the image and the container, and a few letters of this run's own.
        name = f"{reference.rpartition('/')[2].replace(':', '-')}-{uuid.uuid4().hex[:8]}"
        stack = Stack(engine, name, Path(tempfile.mkdtemp(prefix="astro-")), mounts)
        finish = stand_guard(engine, stack.containers.label, stack.folder)
        address = stack.listen(arguments.port)
        stack.start(_loaded(engine, *arguments.airflow), _loaded(engine, *arguments.database))
        say(
            f"\n{reference} runs at {address}\n"
            f"user {airflow.USER}, password {stack.secrets.admin}\n"
            f"The REST API at {address}/api/v1 takes them too.\n"
            "An edit of the mounted sources starts it again. Ctrl-C ends it, and removes it.\n"
        )
        stack.watch([mount.source for mount in live])
    except Interrupted:
        say("\nStopping, and removing all containers.")
    finally:
        # Nothing may come between.
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        if finish is not None:
            finish()


if __name__ == "__main__":
    run(main)
