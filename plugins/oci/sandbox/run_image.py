"""Loads an image into the engine of this machine and starts a container of it.

usage: run_image.py LAYOUT REFERENCE --run-args=JSON [ARGUMENT ...]

The JSON is a list of arguments for `docker run`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from oci.format.layout import read_layout
from oci.sandbox.engine import Engine, load
from oci.sandbox.errors import run
from oci.sandbox.layer_args import host_env


def main() -> None:
    layout_path, reference, run_args, *arguments = sys.argv[1:]
    more = json.loads(run_args.partition("=")[2])
    engine = Engine(host_env())
    load(engine, read_layout(Path(layout_path)), reference)
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    command = [engine.docker, "run", "--rm", "--interactive", *terminal, *more]
    command += [reference, *arguments]
    os.execve(engine.docker, command, engine.env)


if __name__ == "__main__":
    run(main)
