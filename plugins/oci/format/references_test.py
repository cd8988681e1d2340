from __future__ import annotations

import pytest
from oci.format.references import REPOSITORY, TAG, image_name

IMAGES = [
    ("tool", "latest", ""),
    ("tool", "1.0", ""),
    ("other", "1.0", ""),
    ("tool-1.0", "latest", ""),
    ("acme/tool", "latest", ""),
    ("acme/tool", "1.0", ""),
    ("acme", "tool", ""),
    ("tool", "latest", "a.tool"),
    ("tool", "latest", "b.tool"),
    ("tool", "1.0", "a.tool"),
    ("tool", "a.tool", ""),
]


def test_no_two_images_have_one_name() -> None:
    names = [image_name(*image) for image in IMAGES]
    assert len(set(names)) == len(IMAGES)
    assert image_name("acme/tool", "latest") == "acme/tool"


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a//b", "a/", "A", "a+b", "a/../b", "", "a:b", "a b"]
)
def test_a_repository_that_leads_elsewhere_is_none(name: str) -> None:
    assert not REPOSITORY.fullmatch(name)


@pytest.mark.parametrize("tag", ["..", "", "a/b", "a+b", ".a", "-a", "a" * 129, "a\n"])
def test_a_tag_that_leads_elsewhere_is_none(tag: str) -> None:
    assert not TAG.fullmatch(tag)
