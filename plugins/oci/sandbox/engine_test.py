"""Engines get what they lack, whatever they know images by."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, List

import pytest
from oci.format.layout import Layout
from oci.sandbox.engine import Engine, Progress, load
from oci.testing import docker_stand_in
from oci.testing.images import noise, write_image

LAYERS = [noise("one", 1000), noise("two", 1000)]
NAME = "demo:1.0"
KINDS = ["classic", "podman", "containerd", "registry"]


class Machine:
    """A machine with a `docker` command that remembers what it was sent."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.store = folder / "store"
        self.store.mkdir()
        program = folder / "bin" / "docker"
        program.parent.mkdir()
        # It is started often, and needs no site-packages.
        script = f'exec {sys.executable} -S -E {Path(docker_stand_in.__file__).resolve()} "$@"'
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        self._env = {"PATH": f"{program.parent}:/usr/bin:/bin", "STORE": str(self.store)}
        self._env["KIND"] = kind

    def load(self, layout: Layout, name: str = NAME) -> List[int]:
        """Load an image; how many layers were sent, attempt by attempt."""
        log = self.store / "loads"
        log.write_text("")
        self._env["MANIFEST"] = layout.manifest_digest
        load(Engine(self._env), layout, name)
        return [int(line) for line in log.read_text().split()]


@pytest.fixture(params=KINDS)
def kind(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def machine(tmp_path: Path, kind: str) -> Machine:
    return Machine(tmp_path, kind)


def test_an_image_that_is_there_is_not_sent_again(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = write_image(tmp_path / "image", LAYERS)
    assert machine.load(image) == [2]
    assert capsys.readouterr().err == f"Loading 2 of 2 layers of {NAME}\n"
    assert machine.load(image) == []
    assert capsys.readouterr().err == ""


def test_another_image_of_the_same_layers_is_sent(
    machine: Machine, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.load(write_image(tmp_path / "image", LAYERS))
    capsys.readouterr()
    changed = write_image(tmp_path / "changed", LAYERS, "another label")
    loads = machine.load(changed)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"Loading the configuration of {NAME}"
    if kind in ("classic", "podman"):
        assert loads == [0]
        assert said[1:] == []
    else:
        # These take only what is whole.
        assert loads == [0, 2]
        assert said[1:] == [f"Loading 2 of 2 layers of {NAME}"]
    assert machine.load(changed) == []


def test_another_name_of_the_image_is_given(machine: Machine, tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", LAYERS)
    machine.load(image)
    assert machine.load(image, "other:1.0") != []
    assert machine.load(image, "other:1.0") == []


def test_a_changed_layer_is_sent(machine: Machine, kind: str, tmp_path: Path) -> None:
    machine.load(write_image(tmp_path / "image", LAYERS))
    changed = write_image(tmp_path / "changed", [LAYERS[0], noise("three", 1000)])
    assert machine.load(changed) == ([1] if kind in ("classic", "podman") else [1, 2])
    assert machine.load(changed) == []


def test_a_long_load_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress([2_000_000, 3_000_000], seconds=0)
    for size in (1_000_000, 1_500_000, 2_600_000):
        progress.add(size)
    assert capsys.readouterr().err.splitlines() == [
        "Loading layer 1 of 2, 1 MB of 5",
        "Loading layer 2 of 2, 2 MB of 5",
        "Loading layer 2 of 2, 5 MB of 5",
    ]


def test_a_short_load_says_nothing_of_that(capsys: pytest.CaptureFixture[str]) -> None:
    Progress([10], seconds=60).add(10)
    assert capsys.readouterr().err == ""
