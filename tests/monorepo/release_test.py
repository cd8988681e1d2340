"""What a release engineer relies on, in a copy of the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest

from tests.monorepo.checkout import Checkout, machine_caches
from versions.macros import TESTED_RELEASE

BEFORE = TESTED_RELEASE
LOCK = f"3rdparty/python/{BEFORE}.lock"
MANIFEST = f"versions/{BEFORE}/release.yaml"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    folder = tmp_path_factory.mktemp("monorepo")
    copy = Checkout(Path.cwd(), folder / "repository", folder / "caches", machine_caches())
    yield copy
    copy.stop_daemon()


def check(checkout: Checkout) -> str:
    """What the checks of releases say; empty if they pass."""
    checkers = ["version-policy", "release-notes", "vulnerability-waivers"]
    run = checkout.pants("check", f"--only={checkers}", "versions::")
    assert "Traceback" not in run.output
    return run.output if run.exit_code else ""


def test_the_releases_of_the_repository_pass(checkout: Checkout) -> None:
    assert check(checkout) == ""


def test_an_edit_of_a_published_release_is_refused(checkout: Checkout) -> None:
    checkout.edit(MANIFEST, f"release: {BEFORE}", f"# A comment.\nrelease: {BEFORE}")
    commented = check(checkout)
    checkout.edit(MANIFEST, "# A comment.\n", "")
    checkout.edit(MANIFEST, "resolved: 2022-07-12", "resolved: 2022-07-13")
    output = check(checkout)
    checkout.edit(MANIFEST, "resolved: 2022-07-13", "resolved: 2022-07-12")

    assert commented == ""
    assert f"{MANIFEST}: {BEFORE} is published, and so what this file says must not" in output


def test_an_edit_of_a_document_is_stale(checkout: Checkout) -> None:
    document = f"docs/releases/{BEFORE}.md"
    checkout.edit(document, None, "more\n")
    output = check(checkout)
    checkout.edit(document, "more\n", "")

    assert f"{document}: releases have changed since it was written." in output


def test_a_waiver_that_has_expired_is_told(checkout: Checkout) -> None:
    waiver = "[{advisory: CVE-2022-1, reason: It is so., expires: 2022-07-11}]"
    checkout.edit("versions/waivers.yaml", "[]", waiver)
    output = check(checkout)
    checkout.edit("versions/waivers.yaml", waiver, "[]")

    assert "versions/waivers.yaml: `waivers[0].expires` is 2022-07-11" in output


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["9.9.9"], "Nothing is to change."),
        (["--security-only", BEFORE], f"There is a release {BEFORE} already."),
        (["--security-only", "1.0.0"], "There is no release before 1.0.0"),
        (["--airflow=99.0.0", "9.9.9"], "cannot be resolved"),
        (
            [
                "--providers={'amazon': '6.0.0', 'common-sql': '1.1.0'}",
                "--date=2022-10-01",
                "9.9.9",
            ],
            "add `--providers=\"{'amazon': '6.0.0', 'common-sql': '1.2.0'}\"`",
        ),
        (["--security-only", "--date=soon"], "`--date` is 'soon'. Write a day such as"),
        (["--airflow=2.3.4", "versions/newest"], "'newest' is not a release such as 5.0.6"),
    ],
)
def test_a_release_that_cannot_be_made_changes_nothing(
    checkout: Checkout, arguments: "list[str]", message: str
) -> None:
    run = checkout.pants("new-release", *arguments)

    assert run.exit_code != 0
    assert message in run.output
    assert "raceback" not in run.output
    assert check(checkout) == ""


def test_a_security_release_is_made_by_one_command(checkout: Checkout) -> None:
    run = checkout.pants("new-release", "--security-only", "--date=2030-01-01", "9.9.9")
    locks = [
        json.loads((checkout.root / path).read_text())["distributions"]
        for path in (newest_lock(checkout), "3rdparty/python/9.9.9.lock")
    ]

    assert run.exit_code == 0, run.output
    assert locks[0] == locks[1]
    assert "**Draft**" in (checkout.root / "docs/releases/9.9.9.md").read_text()
    assert check(checkout) == ""


def newest_lock(checkout: Checkout) -> str:
    """The lock of the release that the new one is made from."""
    numbers = [path.parent.name for path in checkout.root.glob("versions/*.*.*/release.yaml")]
    last = max(set(numbers) - {"9.9.9"}, key=lambda number: [int(x) for x in number.split(".")])
    return f"3rdparty/python/{last}.lock"
