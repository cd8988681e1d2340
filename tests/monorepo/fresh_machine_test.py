"""What a newcomer's first commands do on a Debian 12 with nothing added: no Python, no compiler.

The tests use the network: they install Debian packages, as the launcher does on such a machine.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.monorepo.checkout import Run, whole_layers
from tests.monorepo.fresh_machine import REPOSITORY, USER, FreshMachine

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make such a machine")

LAYERS = ("layers/os:os", "layers/python:python", "layers/astro:astro")
TOOLS = "mmdebstrap mount uidmap apt-utils"
# Root's first run prepares it; all may read it.
PREPARED = {"XDG_CACHE_HOME": "/var/cache/prepared"}
NOWHERE = "http://somebody:secret@127.0.0.1:9"


@pytest.fixture(scope="module")
def layers() -> "dict[str, str]":
    """The layers that this machine's root built."""
    return whole_layers(Path.cwd())


@pytest.fixture(scope="module")
def machine(layers: "dict[str, str]", tmp_path_factory: pytest.TempPathFactory) -> FreshMachine:
    blob = Path("blobs") / layers["layers/os:bookworm"].replace(":", "/")
    made = FreshMachine(blob, tmp_path_factory.mktemp("fresh") / "machine", Path.cwd())
    pythons = made.run("sh", "-c", "command -v python3 python python3.9 gcc cc")
    assert pythons.output == ""
    return made


@pytest.fixture(scope="module")
def prepared(machine: FreshMachine) -> FreshMachine:
    """After the first command, which root ran."""
    first = machine.run(
        "bash",
        "-ec",
        "umask 022; ./pants --version; ./pants package layers/astro:astro",
        env={**PREPARED, "PANTS_LOCAL_STORE_DIR": "/root/store"},
    )
    assert first.exit_code == 0, first.output
    assert f"installing the Debian packages {TOOLS} (once)" in first.output
    assert "\n2.17.1\n" in first.output
    return machine


def said(run: Run) -> str:
    """The one line of a launcher that gave up."""
    lines = [line for line in run.output.splitlines() if not line.endswith("(once) ...")]
    assert run.exit_code == 1, run.output
    assert len(lines) == 1, run.output
    assert lines[0].startswith("pants: ")
    return lines[0][len("pants: ") :]


def test_a_user_is_told_the_one_command_that_root_has_to_run(machine: FreshMachine) -> None:
    command = f"apt-get install --yes --no-install-recommends {TOOLS}"
    assert said(machine.run("./pants", "package", "::", user=USER)) == (
        f"this machine lacks {TOOLS}: run `apt-get update && {command}` as root once."
    )


def test_the_first_command_builds_a_layer(prepared: FreshMachine, layers: "dict[str, str]") -> None:
    assert whole_layers(prepared.dist) == {"layers/astro:astro": layers["layers/astro:astro"]}


def test_what_only_tests_need_is_not_installed_before_a_test(prepared: FreshMachine) -> None:
    found = prepared.run("sh", "-c", "PATH=$PATH:/usr/sbin command -v chromium dockerd skopeo")
    assert found.output == ""
    told = prepared.run(
        "./pants", "test", "::", user=USER, env={"PANTS_PYTHON": "/nowhere"}
    ).output.splitlines()
    assert told[0].startswith("pants: some targets need chromium ")
    assert "PANTS_PYTHON is '/nowhere'" in told[1]


def test_a_user_builds_the_same_bytes_as_root(
    prepared: FreshMachine, layers: "dict[str, str]"
) -> None:
    built = prepared.run(
        "./pants",
        "package",
        *LAYERS,
        user=USER,
        env={
            **PREPARED,
            "PANTS_LOCAL_STORE_DIR": f"/home/{USER}/store",
            "PANTS_NAMED_CACHES_DIR": f"/home/{USER}/caches",
        },
        before=f"rm -rf .{REPOSITORY}/dist .{REPOSITORY}/.p*",
    )
    assert built.exit_code == 0, built.output
    assert built.built() == set(LAYERS)
    assert whole_layers(prepared.dist) == {layer: layers[layer] for layer in LAYERS}


def test_without_apt_a_user_is_told_what_is_missing(machine: FreshMachine) -> None:
    only_bash = "mount -t tmpfs none opt; ln -s /bin/bash opt/bash"
    run = machine.run("env", "PATH=/opt", "./pants", "help", user=USER, before=only_bash)
    assert said(run) == (
        f"this machine lacks {TOOLS}, and has no apt-get to install them with: build in a "
        "container of Debian, as docs/machines.md says, or install them by hand."
    )


LOCK = "3rdparty/debian/bullseye-build.lock"


@pytest.mark.parametrize(
    "env, before, sentence",
    [
        pytest.param(
            {},
            f"mount --bind .{REPOSITORY} .{REPOSITORY}; mount -o remount,bind,ro .{REPOSITORY}",
            f"{REPOSITORY} cannot be written to, and Pants keeps .pids, .pants.d and dist there: "
            "copy or clone it to a folder that can.",
            id="a read-only checkout",
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "/opt"},
            "mount -t tmpfs -o ro none opt",
            "/opt/astro-runtime cannot be written to: make it writable, or set XDG_CACHE_HOME to a "
            "folder that is.",
            id="a read-only cache",
        ),
        pytest.param(
            {"XDG_CACHE_HOME": "/opt"},
            "mount -t tmpfs -o mode=1777,size=20m none opt",
            "/opt/astro-runtime has 20 MB of free space, and Pants takes 500: free some, or set "
            "XDG_CACHE_HOME to a folder on another disk.",
            id="no space for caches",
        ),
        pytest.param(
            {"HOSTTYPE": "aarch64"},
            "",
            "this machine is aarch64, and the tools that build are locked for amd64: build on such "
            "a machine, or in a container of one, as docs/machines.md says.",
            id="an architecture without a locked toolchain",
        ),
        pytest.param(
            {},
            "mount -t tmpfs none usr/lib/apt",
            "there is no apt to fetch a CPython 3.9 with: build in a container of Debian, as "
            "docs/machines.md says, or set PANTS_PYTHON to the path of a CPython 3.9.",
            id="no Python and no way to get one",
        ),
        pytest.param(
            {},
            f"mount --bind /dev/null .{REPOSITORY}/{LOCK}",
            f"{REPOSITORY}/{LOCK} pins no packages for 3rdparty/tools:python: restore it from "
            "git, or set PANTS_PYTHON to the path of a CPython 3.9.",
            id="a lock that is empty",
        ),
        pytest.param(
            {"PANTS_PYTHON": "/bin/true"},
            "",
            "PANTS_PYTHON is '/bin/true', which is not a CPython 3.9 that can make a venv: correct "
            "or unset it.",
            id="another Python than CPython 3.9",
        ),
    ],
)
def test_the_launcher_says_in_one_line_what_to_do(
    prepared: FreshMachine, env: "dict[str, str]", before: str, sentence: str
) -> None:
    assert said(prepared.run("./pants", "help", user=USER, env=env, before=before)) == sentence
    assert not any(prepared.home(USER).glob(".cache/astro-runtime/p*"))


def test_a_proxy_that_is_away_is_named_without_its_password(prepared: FreshMachine) -> None:
    proxies = {"http_proxy": NOWHERE, "https_proxy": NOWHERE}
    sentence = said(prepared.run("./pants", "help", user=USER, env=proxies))
    assert f"CPython 3.9 that {LOCK} pins cannot be fetched" in sentence
    assert "http_proxy=http://127.0.0.1:9" in sentence
    assert "secret" not in sentence
    assert not any(prepared.home(USER).glob(".cache/astro-runtime/p*"))
