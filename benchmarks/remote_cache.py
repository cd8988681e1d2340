"""Measures a cache that machines share: `./pants run benchmarks/remote_cache.py`.

A machine builds release 5.0.6 into an empty cache; others, with another user if this one is root,
take it from there. The server, BuildGrid, is on loopback, so the network costs nothing. Prints a
table, and writes it as JSON to `dist/benchmarks/remote_cache.json`. Takes about 10 minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

from benchmarks.measure import Figure, table
from tests.monorepo.cache_server import PROGRAM, CacheServer
from tests.monorepo.checkout import Checkout
from versions.macros import TESTED_RELEASE

SPEC = f"versions/{TESTED_RELEASE}::"
MACHINES = 3


def pants(checkout: Checkout, *args: str) -> str:
    """Run Pants in the copy; what it printed."""
    run = checkout.pants(*args)
    if run.exit_code:
        raise SystemExit(f"./pants {' '.join(args)} failed:\n{run.output[-3000:]}")
    return run.output


def on_machine(folder: Path, env: Dict[str, str], figure: Figure, user: Optional[int]) -> None:
    """Build all images of the release on a new machine, its daemon's start included."""
    checkout = Checkout(Path.cwd(), folder / "repository", folder / "caches", env, user)
    try:
        figure.time(lambda: pants(checkout, "package", SPEC))
    finally:
        checkout.stop_daemon()


def measure(folder: Path) -> List[Figure]:
    tools = Checkout(Path.cwd(), folder / "tools", folder / "tools-caches", {})
    pants(tools, "package", "tests/monorepo:cache-server")
    tools.stop_daemon()
    server = CacheServer(folder / "server", tools.root / "dist" / PROGRAM).start()
    user = 54321 if os.geteuid() == 0 else None
    alone = Figure("without a shared cache", "")
    first = Figure("first machine, fills the cache", "")
    others = Figure("another machine, all images of the release", "60 s")
    try:
        on_machine(folder / "alone", {}, alone, None)
        on_machine(folder / "first", server.settings(write=True), first, None)
        for number in range(MACHINES):
            machine = folder / f"machine-{number}"
            on_machine(machine, server.settings(write=False), others, user)
    finally:
        server.kill()
    others.alternative = alone.median
    return [alone, first, others]


def main() -> None:
    root = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        figures = measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    head = ["what", "median", "spread", "target", "alone", "ratio"]
    print(table([head, *(figure.row() for figure in figures)]))
    output = root / "dist/benchmarks/remote_cache.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n")
    print(f"Wrote {output.relative_to(root)}")


if __name__ == "__main__":
    main()
