"""What users rely on when they build: equal bytes everywhere, and no work that nothing asks for.

All tests build in one copy of the repository, one after the other: each leaves it as it was. What
the copy built first, machines find in a cache that they share.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Iterator

import pytest
import requests
from oci.testing.proxy import Proxy
from oci.testing.registry import RegistryServer

from tests.monorepo.cache_server import CacheServer
from tests.monorepo.checkout import Checkout, image_digest
from versions.macros import TESTED_RELEASE

IMAGES = (f"{TESTED_RELEASE}-base", TESTED_RELEASE)
FOLDER = f"versions/{TESTED_RELEASE}"
RELEASE = f"{FOLDER}::"
ASTRO_MODULE = "layers/astro/astronomer/runtime/__init__.py"
MANIFEST = f"{FOLDER}/release.yaml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CacheServer]:
    running = CacheServer(tmp_path_factory.mktemp("cache") / "server").start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def checkout(server: CacheServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy at another path, with empty caches, another home, time zone, locale and hash seed."""
    folder = tmp_path_factory.mktemp("monorepo")
    copy = Checkout(
        Path.cwd(),
        folder / "another place",
        folder / "caches",
        {
            **server.settings(write=True),
            "TZ": "Pacific/Chatham",
            "LANG": "C",
            "LC_ALL": "C",
            "PYTHONHASHSEED": "7",
        },
    )
    run = copy.pants("package", RELEASE, umask=0o077)
    assert run.exit_code == 0, run.output
    yield copy
    copy.stop_daemon()


def test_another_machine_builds_the_same_images(checkout: Checkout) -> None:
    for image in IMAGES:
        assert checkout.digest(image) == image_digest(Path.cwd(), image)


def test_a_second_machine_takes_a_whole_release_from_the_shared_cache(
    checkout: Checkout, server: CacheServer, tmp_path: Path
) -> None:
    """Another user, path, home, launcher and mirrors, all of which answer nothing."""
    nowhere = "http://127.0.0.1:9"
    machine = Checkout(
        Path.cwd(),
        tmp_path / "second",
        tmp_path / "caches",
        {
            **server.settings(write=False),
            "PANTS_BIN_NAME": "pants",
            "PANTS_DEBIAN_MIRRORS": json.dumps({"debian": nowhere, "debian-security": nowhere}),
            "PIP_INDEX_URL": nowhere,
            "http_proxy": nowhere,
            "https_proxy": nowhere,
        },
        # Where nobody is root, it is at least another machine.
        user=54321 if os.geteuid() == 0 else None,
    )
    run = machine.pants("--stats-log", "package", RELEASE)
    machine.stop_daemon()

    assert run.exit_code == 0, run.output
    assert run.counter("remote_cache_requests_cached") > 40
    assert run.counter("remote_cache_requests_cached") == run.counter("remote_cache_requests")
    assert run.counter("local_execution_requests") == 0
    assert run.built() == set()
    assert [machine.digest(image) for image in IMAGES] == [checkout.digest(x) for x in IMAGES]


def test_a_build_without_a_change_builds_no_layer(checkout: Checkout) -> None:
    run = checkout.pants("package", RELEASE)
    assert run.exit_code == 0, run.output
    assert run.built() == set()
    assert "layers/os:os" in run.reused()


def test_editing_the_astro_layer_leaves_every_other_layer_alone(checkout: Checkout) -> None:
    before = checkout.diff_ids(TESTED_RELEASE)
    checkout.edit(ASTRO_MODULE, None, "\n# changed\n")
    run = checkout.pants("package", RELEASE)
    after = checkout.diff_ids(TESTED_RELEASE)
    checkout.edit(ASTRO_MODULE, "\n# changed\n", "")

    assert run.exit_code == 0, run.output
    assert run.built() == {"layers/astro:astro"}
    assert len(set(before) - set(after)) == 1


def test_another_os_package_rebuilds_the_debian_layers_alone(checkout: Checkout) -> None:
    build, lock = "layers/os/BUILD", checkout.root / "3rdparty/debian/bullseye.lock"
    build_before, lock_before = (checkout.root / build).read_text(), lock.read_text()
    unchanged = checkout.pants("package", RELEASE)
    before = checkout.diff_ids(TESTED_RELEASE)
    checkout.edit(build, '"curl",', '"curl",\n        "less",')
    stale = checkout.pants("package", RELEASE)
    locked = checkout.pants("generate-lockfiles", "--resolve=bullseye")
    run = checkout.pants("package", RELEASE)
    after = checkout.diff_ids(TESTED_RELEASE)
    (checkout.root / build).write_text(build_before)
    lock.write_text(lock_before)

    assert unchanged.exit_code == 0, unchanged.output
    assert stale.exit_code != 0
    assert "generate-lockfiles --resolve=bullseye" in stale.output
    assert locked.exit_code == 0, locked.output
    assert "less" in locked.output
    assert run.exit_code == 0, run.output
    assert run.built() == {"layers/os:os", "layers/python:python"}
    assert before[2:] == after[2:]


def test_a_release_is_published_once(checkout: Checkout, tmp_path: Path) -> None:
    registry = RegistryServer(tmp_path / "registry").start()
    proxy = Proxy(registry.port)
    options = {"default": {"address": proxy.address, "repository": "team/{repository}"}}
    checkout.set_env("PANTS_OCI_REGISTRIES", json.dumps(options))
    try:
        first = checkout.pants("publish", RELEASE)
        sent = proxy.sent
        second = checkout.pants("publish", RELEASE)
        tags = requests.get(f"http://{registry.address}/v2/team/astro-runtime/tags/list").json()
    finally:
        proxy.close()
        registry.kill()

    assert first.exit_code == 0, first.output
    # Besides, what is attached to an image has a tag of its digest.
    assert sorted(tag for tag in tags["tags"] if "sha256-" not in tag) == sorted(IMAGES)
    # Both images have the same layers: they are sent once, and nothing when all is there.
    blobs = (checkout.root / "dist" / "blobs" / "sha256").glob("*")
    assert sent < sum(blob.stat().st_size for blob in blobs) * 1.01
    assert second.exit_code == 0, second.output
    assert proxy.sent - sent < 10_000
    assert second.output.count("it is there already") == len(IMAGES)


ADVISORY = """\
id: PYSEC-2022-1
details: Airflow does what it should not.
aliases: [CVE-2022-1]
severity: [{type: CVSS_V3, score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
affected:
- package: {ecosystem: PyPI, name: apache-airflow}
  ranges:
  - {type: ECOSYSTEM, events: [{introduced: "2.3.0"}, {fixed: "2.3.4"}]}
"""


def test_vulnerabilities_are_told_by_layer_with_their_fix(
    checkout: Checkout, tmp_path: Path
) -> None:
    (tmp_path / "PYSEC-2022-1.yaml").write_text(ADVISORY)
    status = {"status": "resolved", "fixed_version": "99", "urgency": "low"}
    tracker = {"openssl": {"CVE-2022-2": {"releases": {"bullseye": status}}}}
    (tmp_path / "tracker").write_text(json.dumps(tracker))
    data = [f"--pypa-database={tmp_path}", f"--security-tracker={tmp_path / 'tracker'}"]
    waiver = "[{advisory: PYSEC-2022-1, reason: It is so., expires: 2999-01-01}]"

    run = checkout.pants("vulnerabilities", *data, "--fail-on=high", RELEASE)
    checkout.edit("versions/waivers.yaml", "[]", waiver)
    waived = checkout.pants("vulnerabilities", *data, "--fail-on=high", RELEASE)
    checkout.edit("versions/waivers.yaml", waiver, "[]")

    assert run.exit_code == 1, run.output
    lines = [" ".join(line.split()) for line in run.output.splitlines()]
    assert f"layers/airflow, in {TESTED_RELEASE}, {TESTED_RELEASE}-base" in lines
    assert "critical CVE-2022-1 apache-airflow 2.3.3+astro.1 2.3.4" in lines
    assert f"apache-airflow 2.3.3+astro.1 -> 2.3.4 {TESTED_RELEASE} 1 2" in lines
    # The source of `libssl1.1`, as dpkg recorded it.
    assert any(line.startswith("low CVE-2022-2 openssl ") for line in lines)
    assert waived.exit_code == 0, waived.output
    assert "besides: 1 waived" in waived.output


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("airflow: 2.3.3", "airlfow: 2.3.3", "the field `airflow` is missing"),
        ("airflow: 2.3.3", "airflow: 2.3.2", "Give Airflow 2.3.2 the next number"),
        ("imap: 3.0.0", "imap: 2.2.3", f"generate-lockfiles --resolve={TESTED_RELEASE}"),
        ("suite: bullseye", "suite: bullseye\nnote: x", "there is no field `note`"),
        ("fixed_in: 2.3.4", "fixed_in: 2.3.3", "has #24676 already: take it out of `backports`"),
        ("pull_request: 24906", "pull_request: 24907", "24907.patch, which is not there"),
        ("amazon: 4.0.0", "amazon: 4.0", "`providers.amazon` is 4.0"),
    ],
)
def test_a_wrong_manifest_is_one_clear_sentence(
    checkout: Checkout, old: str, new: str, message: str
) -> None:
    checkout.edit(MANIFEST, old, new)
    run = checkout.pants("package", RELEASE)
    checkout.edit(MANIFEST, new, old)

    assert run.exit_code != 0
    assert message in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("field", ["image", "database"])
def test_a_local_run_of_what_is_no_image_is_one_clear_sentence(
    checkout: Checkout, field: str
) -> None:
    old, new = 'name="dev"', f'name="dev", {field}=["layers/os"]'
    checkout.edit(f"{FOLDER}/BUILD", old, new)
    run = checkout.pants("run", f"{FOLDER}:dev")
    checkout.edit(f"{FOLDER}/BUILD", new, old)

    assert run.exit_code != 0
    assert (
        f"the `{field}` field of {FOLDER}:dev names layers/os:os, which is a `debian_layer` "
        "and no image. Name a target such as `oci_image`."
    ) in run.output
    assert "Traceback" not in run.output
