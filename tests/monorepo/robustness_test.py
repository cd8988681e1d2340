"""What users rely on when something goes wrong beside a build: it ends well, or says what to do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List

import pytest

from tests.monorepo.checkout import Checkout, machine_caches, whole_layers

LAYERS = ("layers/astro:astro", "layers/astro:files")
DEBIAN = "layers/os:os"

SECONDS = 120
"""Bound on what should happen soon, on a machine with other work."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def wait_for(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"in {SECONDS} s: no {what}"
        time.sleep(0.1)


def processes(folder: Path, word: str = "") -> List[int]:
    """Processes that work below a folder and have the word in their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = os.readlink(process / "cwd").startswith(f"{folder}/")
            if inside and word in (process / "cmdline").read_text():
                found.append(int(process.name))
        except OSError:
            pass
    return found


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    """Change the last byte."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Machine:
    """A folder for copies of the repository that share caches of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.store = folder / "store"
        self.named = folder / "named"
        self.checkouts: List[Checkout] = []

    def checkout(self) -> Checkout:
        number = len(self.checkouts)
        env = {
            "PANTS_LOCAL_STORE_DIR": str(self.store),
            "PANTS_NAMED_CACHES_DIR": str(self.named),
            # How long a run waits for another one in its checkout.
            "PANTS_PANTSD_TIMEOUT_WHEN_MULTIPLE_INVOCATIONS": str(SECONDS),
        }
        copy = Checkout(
            Path.cwd(),
            self._folder / f"checkout-{number}",
            self._folder / f"caches-{number}",
            env,
        )
        self.checkouts.append(copy)
        return copy


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("machine"))
    yield made
    for each in made.checkouts:
        each.stop_daemon()


@pytest.fixture(scope="module")
def checkout(machine: Machine) -> Checkout:
    """Built by two runs of Pants at once, while a third one builds in another checkout."""
    one, other = machine.checkout(), machine.checkout()
    runs = [each.start("package", *LAYERS) for each in (one, one, other)]
    for run in runs:
        output, _ = run.communicate(timeout=SECONDS * 5)
        assert run.returncode == 0, output
    assert one.layers() == other.layers()
    other.stop_daemon()
    return one


@pytest.fixture(scope="module")
def layers(checkout: Checkout) -> Dict[str, str]:
    return checkout.layers()


def test_builds_at_once_do_not_disturb_each_other(layers: Dict[str, str]) -> None:
    assert set(layers) == set(LAYERS)


def test_wiped_and_damaged_caches_are_filled_again(
    checkout: Checkout, machine: Machine, layers: Dict[str, str]
) -> None:
    checkout.stop_daemon()
    shutil.rmtree(machine.store)
    downloads = [
        path
        for folder in ("debian_packages", "wheels_files")
        for path in sorted((machine.named / folder).rglob("*"))
        if path.is_file()
    ]
    for number, path in enumerate(downloads):
        damage = (os.unlink, truncate, flip)[number % 3]
        damage(path)

    run = checkout.pants("package", *LAYERS)

    assert len(downloads) > 3
    assert run.exit_code == 0, run.output
    assert run.built() == set(LAYERS)
    assert checkout.layers() == layers


@needs_root
def test_a_full_disk_below_dist_is_told_and_over_when_there_is_space(
    checkout: Checkout, layers: Dict[str, str]
) -> None:
    dist = checkout.root / "dist"
    shutil.rmtree(dist)
    with small_disk(dist, "64k"):
        full = checkout.pants("package", *LAYERS)
    run = checkout.pants("package", *LAYERS)

    assert full.exit_code != 0
    assert "No space left on device" in full.output
    assert "Traceback" not in full.output
    assert run.exit_code == 0, run.output
    assert checkout.layers() == layers


@needs_root
def test_a_full_disk_below_a_build_step_is_told_with_the_fix(tmp_path: Path) -> None:
    copy = Checkout(
        Path.cwd(),
        tmp_path / "checkout",
        tmp_path / "caches",
        {"PANTS_NAMED_CACHES_DIR": machine_caches()["PANTS_NAMED_CACHES_DIR"]},
    )
    try:
        # The packages of the toolchain fit, and what is in them does not.
        with small_disk(copy.caches / "sandboxes", "24m"):
            run = copy.pants("package", *LAYERS)
            copy.stop_daemon()
    finally:
        copy.stop_daemon()

    assert run.exit_code != 0
    assert "The disk is full." in run.output
    assert "local_execution_root_dir" in run.output
    assert "Traceback" not in run.output
    assert not (copy.root / "dist/layers").exists()


def workspaces(step: int) -> List[Path]:
    """Folders in which a step installs Debian packages."""
    parents = (Path("/dev/shm"), Path("/tmp"))
    return [path for parent in parents for path in parent.glob(f"debian-layer-{step}-*")]


def test_whatever_is_killed_the_next_build_is_right(tmp_path: Path) -> None:
    copy = Checkout(
        Path.cwd(),
        tmp_path / "checkout",
        tmp_path / "caches",
        {"PANTS_NAMED_CACHES_DIR": machine_caches()["PANTS_NAMED_CACHES_DIR"]},
    )
    sandboxes = copy.caches / "sandboxes"
    steps: List[int] = []

    def build_half() -> "subprocess.Popen[str]":
        """A build that is in the middle of an installation."""
        build = copy.start("package", DEBIAN)
        wait_for(lambda: processes(sandboxes, "debian.sandbox.rootfs_layer"), "build step")
        steps.extend(processes(sandboxes, "debian.sandbox.rootfs_layer"))
        wait_for(
            lambda: [
                path
                for folder in workspaces(steps[-1])
                for path in folder.glob("mmdebstrap.*/var/lib/dpkg/info/*.list")
            ],
            "unpacked package",
        )
        return build

    try:
        build = build_half()
        os.kill(steps[-1], signal.SIGKILL)
        output, _ = build.communicate(timeout=SECONDS)
        wait_for(lambda: not processes(sandboxes), "end of what the step had started")

        build_half().kill()
        copy.stop_daemon()
        os.kill(steps[-1], signal.SIGKILL)
        wait_for(lambda: not processes(sandboxes), "end of what the daemon had started")

        run = copy.pants("package", DEBIAN)
    finally:
        copy.stop_daemon()

    assert f"Build layer {DEBIAN}: the process was killed by signal 9" in output
    assert run.exit_code == 0, run.output
    assert run.built() == {DEBIAN}
    assert copy.layers()[DEBIAN] == whole_layers(Path.cwd())[DEBIAN]
    # A mount that is left would be seen here, and its folder with it.
    assert not [folder for step in steps for folder in workspaces(step)]
    mounts = Path("/proc/self/mounts").read_text()
    assert not [step for step in steps if f"debian-layer-{step}-" in mounts]
