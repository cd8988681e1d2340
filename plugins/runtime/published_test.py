from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pants.util.frozendict import FrozenDict
from runtime.catalogue import broken_seals
from runtime.manifest import read_manifest
from runtime.published import Published, PublishedError, lock_hash, manifest_hash
from runtime.testutil import make_catalogue, make_manifest, make_release, seal
from wheels.lock import LockedDistribution, LockInputs, WheelLock
from wheels.resolve import WheelResolve

PATH = "versions/published.json"
RELEASE = make_release(make_manifest("5.0.6"))
SEALS = {"5.0.6": seal(RELEASE), "5.0.7": seal(RELEASE, {"os": 30_000_000, "astro": 2})}


def test_the_file_keeps_what_was_sealed() -> None:
    published = Published(FrozenDict(SEALS))

    assert Published.from_json(PATH, published.to_json()) == published


def test_what_releases_share_is_written_once() -> None:
    content = Published(FrozenDict(SEALS)).to_json()

    assert content.count(b"1.1.1w-0+deb11u8") == content.count(b"C.UTF-8") == 1


def test_an_upgrade_pulls_the_layers_that_are_not_there() -> None:
    assert SEALS["5.0.7"].pulled_after(SEALS["5.0.6"]) == 2


def test_a_release_of_another_codec_pulls_what_it_has_in_common() -> None:
    smaller = seal(RELEASE, {"os": 20_000_000})

    assert smaller.pulled_after(SEALS["5.0.6"]) == 20_000_000


def test_the_file_keeps_both_blobs_of_one_content() -> None:
    both = Published(FrozenDict({**SEALS, "5.0.8": seal(RELEASE, {"os": 20_000_000})}))

    assert Published.from_json(PATH, both.to_json()) == both


def test_a_published_release_as_it_was_is_accepted() -> None:
    assert list(broken_seals(make_catalogue(RELEASE, seals={"5.0.6": seal(RELEASE)}))) == []


@pytest.mark.parametrize(
    "field, path",
    [
        ("manifest_hash", "versions/5.0.6/release.yaml"),
        ("lock_hash", "3rdparty/python/5.0.6.lock"),
    ],
)
def test_an_edit_of_a_published_release_is_refused(field: str, path: str) -> None:
    edited = replace(RELEASE, **{field: "of an edited file"})

    assert list(broken_seals(make_catalogue(edited, seals={"5.0.6": seal(RELEASE)}))) == [
        f"{path}: 5.0.6 is published, and so what this file says must not change. Restore it, and "
        "make the change in a new release."
    ]


def test_comments_and_the_order_of_fields_are_free_to_change() -> None:
    def hash_of(text: str) -> str:
        return manifest_hash(read_manifest("release.yaml", text.encode()))

    was = hash_of("# At noon.\nrelease: 5.0.6\ndate: 2022-07-11\n")

    assert hash_of("date: 2022-07-11\n# At night.\nrelease: '5.0.6'\n") == was
    assert hash_of("date: 2022-07-12\nrelease: 5.0.6\n") != was
    assert hash_of("date: 2022-07-11\nrelease: 5.0.6\nextras: []\n") != was


def lock_of(**fields: Any) -> WheelLock:
    values: Any = {
        "version": "1.0",
        "file": "demo-1.0-py3-none-any.whl",
        "size": 7,
        "sha256": "0" * 64,
        "required_by": (),
        **fields,
    }
    demo = LockedDistribution(name="demo", **values)
    resolve = WheelResolve("5.0.6", ("demo",), (), "3.9")
    return WheelLock("5.0.6", LockInputs.of(resolve), FrozenDict({"demo": demo}))


@pytest.mark.parametrize(
    "fields, same",
    [
        ({"required_by": ("other",)}, True),
        ({"version": "1.1"}, False),
        ({"file": "demo-1.0-2-py3-none-any.whl"}, False),
        ({"size": 8}, False),
        ({"sha256": "1" * 64}, False),
    ],
)
def test_a_lock_s_seal_is_over_what_it_pins(fields: Any, same: bool) -> None:
    assert (lock_hash(lock_of(**fields)) == lock_hash(lock_of())) == same


def test_a_published_release_cannot_go_away() -> None:
    (problem,) = broken_seals(make_catalogue(seals={"5.0.6": seal(RELEASE)}))

    assert problem.startswith(f"{PATH}: 5.0.6 is published, but its manifest is gone.")


GOOD = Published(FrozenDict(SEALS)).to_json()


@pytest.mark.parametrize(
    "content, problem",
    [
        (b"{", "a value in it cannot be read"),
        (b"[]", "this is not a mapping of fields"),
        (b"\xff", "a value in it cannot be read"),
        (GOOD.replace(b'"lock"', b'"lokc"', 1), r"the field `releases.5.0.[67].lock` is missing"),
        (
            GOOD.replace(b'size": 30000000', b'size": "30"'),
            "`layers.sha256:os 30000000.size` is '30'",
        ),
        (GOOD.replace(b'"sha256:os 30000000"\n', b'"so"\n'), r"`releases.5.0.6.layers` is \["),
        (GOOD.replace(b'"LANG": "C.UTF-8"', b'"LANG": 8'), r"`settings.\w+.LANG` is 8"),
        (GOOD.replace(b'"debian": "', b'"debian": "x', 1), "`releases.5.0.6.debian` is 'x"),
    ],
)
def test_a_broken_file_names_the_field_and_the_way_back(content: bytes, problem: str) -> None:
    assert content != GOOD
    with pytest.raises(
        PublishedError, match=rf"^{PATH}: {problem}.* Restore it: `git checkout {PATH}`\.$"
    ):
        Published.from_json(PATH, content)
