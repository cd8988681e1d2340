from __future__ import annotations

import json

import pytest
from astronomer.runtime.update.releases import newest_patch


def feed(*stable: str, alpha: str = "") -> bytes:
    releases = {name: {"metadata": {"channel": "stable"}} for name in stable}
    if alpha:
        releases[alpha] = {"metadata": {"channel": "alpha"}}
    return json.dumps({"runtimeVersions": releases}).encode()


@pytest.mark.parametrize(
    "stable, newest",
    [
        (["5.0.5", "5.0.6"], None),
        (["5.0.7", "5.0.10", "5.0.9"], "5.0.10"),
        (["5.1.0", "6.0.0", "4.2.7"], None),
        (["5.0.7-rc1", "5.0.<script>", "5.0.99999999"], None),
        ([], None),
    ],
)
def test_only_a_newer_patch_of_the_same_minor_counts(stable: "list[str]", newest: str) -> None:
    assert newest_patch(feed(*stable), "5.0.6") == newest


def test_what_is_not_stable_does_not_count() -> None:
    assert newest_patch(feed("5.0.7", alpha="5.0.8"), "5.0.6") == "5.0.7"


def test_an_image_that_does_not_know_its_release_hears_of_none() -> None:
    assert newest_patch(feed("5.0.7"), "") is None


@pytest.mark.parametrize(
    "document", [b"", b"<html>", b"[]", b"{}", b'{"runtimeVersions": 1}', b"[" * 100_000, b"\xff"]
)
def test_anything_else_is_no_list_of_releases(document: bytes) -> None:
    with pytest.raises(ValueError):
        newest_patch(document, "5.0.6")
