from __future__ import annotations

from typing import Any

import pytest
from locks.lock import LockError
from oci.format.platform import Platform
from wheels.resolve import WheelResolve
from wheels.solution import choose_file, make_lock, supported_tags

TAGS = supported_tags(Platform("amd64", "bullseye", "3.9"))


def file(name: str, kind: str = "wheel") -> dict[str, Any]:
    return {"kind": kind, "file": name, "size": 1, "sha256": "00"}


SDIST = file("demo-1.0.tar.gz", "sdist")


@pytest.mark.parametrize(
    "names, best",
    [
        (["demo-1.0-py3-none-any.whl", "demo-1.0-cp39-cp39-manylinux1_x86_64.whl"], 1),
        (["demo-1.0-cp36-abi3-manylinux2014_x86_64.whl", "demo-1.0-py2.py3-none-any.whl"], 0),
        (
            [
                "demo-1.0-cp39-cp39-manylinux_2_17_x86_64.whl",
                "demo-1.0-cp39-cp39-manylinux_2_28_x86_64.whl",
            ],
            1,
        ),
    ],
)
def test_the_most_specific_wheel_is_chosen(names: list[str], best: int) -> None:
    files = [SDIST, *(file(name) for name in names)]

    chosen = choose_file(files, TAGS)

    assert chosen and chosen["file"] == names[best]


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0-cp310-cp310-manylinux_2_17_x86_64.whl",
        "demo-1.0-cp39-cp39-manylinux_2_35_x86_64.whl",
        "demo-1.0-cp39-cp39-manylinux_2_17_aarch64.whl",
        "demo-1.0-cp39-cp39-musllinux_1_1_x86_64.whl",
        "not a wheel.whl",
    ],
)
def test_a_wheel_that_does_not_fit_gives_way_to_the_sources(name: str) -> None:
    assert choose_file([file(name), SDIST], TAGS) == SDIST


def test_a_distribution_without_a_file_for_the_platform_is_told() -> None:
    solution = [
        {
            "name": "demo",
            "version": "1.0",
            "required_by": [],
            "files": [file("demo-1.0-cp39-cp39-win32.whl")],
        }
    ]

    with pytest.raises(LockError, match="needs demo 1.0, which has no file for x86_64-manylinux"):
        make_lock(WheelResolve("r", ()), solution)
