"""A cache that machines share: what it gives when it is damaged, when it is down, and when it dies.

That it gives all, `build_test.py` proves, which builds a release anyway.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterator, List

import pytest

from tests.monorepo.cache_server import CacheServer
from tests.monorepo.checkout import Checkout, Run

LAYERS = ("layers/astro:astro", "layers/astro:files")
MODULE = "layers/astro/astronomer/runtime/__init__.py"

Machines = Callable[[CacheServer, bool], Checkout]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CacheServer]:
    running = CacheServer(tmp_path / "server").start()
    yield running
    running.kill()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machines]:
    """Makes machines: copies of the repository with empty caches, that read or also write."""
    machines: List[Checkout] = []

    def make(server: CacheServer, write: bool) -> Checkout:
        folder = tmp_path / f"machine-{len(machines)}"
        env = server.settings(write)
        machines.append(Checkout(Path.cwd(), folder / "repository", folder / "caches", env))
        return machines[-1]

    yield make
    for each in machines:
        each.stop_daemon()


def package(checkout: Checkout) -> Run:
    run = checkout.pants("--stats-log", "package", *LAYERS)
    assert run.exit_code == 0, run.output
    return run


def damage(server: CacheServer, digest: str, change: Callable[[bytes], bytes]) -> None:
    """Change a blob that the server keeps."""
    path = server.blob(digest.partition(":")[2])
    path.write_bytes(change(path.read_bytes()))


def test_damaged_entries_are_built_again(server: CacheServer, machine: Machines) -> None:
    writer = machine(server, True)
    package(writer)
    layers = writer.layers()
    damage(server, layers["layers/astro:astro"], lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]))
    damage(server, layers["layers/astro:files"], lambda blob: blob[: len(blob) // 2])

    reader = machine(server, False)
    run = package(reader)

    assert run.built() == set(LAYERS)
    assert reader.layers() == layers
    assert run.counter("remote_cache_requests_cached") > 0


def test_a_server_that_dies_costs_time_and_not_the_build(
    server: CacheServer, machine: Machines
) -> None:
    checkout = machine(server, True)
    build = checkout.start("--level=debug", "package", *LAYERS)
    assert build.stdout is not None
    for line in build.stdout:
        if "Starting: Build layer" in line:
            break
    server.kill()
    output, _ = build.communicate(timeout=300)

    assert build.returncode == 0, output
    layers = checkout.layers()
    assert set(layers) == set(LAYERS)

    # A build that starts without it.
    checkout.edit(MODULE, None, "\n# changed\n")
    run = package(checkout)
    assert run.built() == {"layers/astro:astro"}
    assert checkout.layers()["layers/astro:files"] == layers["layers/astro:files"]
