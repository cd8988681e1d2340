from __future__ import annotations

from oci.sharing import ImageBlobs, share
from pants.util.frozendict import FrozenDict


def image(tag: str, **blobs: int) -> ImageBlobs:
    """An image whose layers are named after their content; `a1` is of the target `a`."""
    return ImageBlobs(
        f"runtime:{tag}", FrozenDict(blobs), FrozenDict({name: name[:-1] for name in blobs})
    )


def test_an_upgrade_pulls_the_layers_that_differ() -> None:
    report = share([image("5.0.7", os1=30, astro2=2), image("5.0.6", os1=30, astro1=1)])

    (upgrade,) = report.upgrades
    assert (upgrade.before, upgrade.after) == ("runtime:5.0.6", "runtime:5.0.7")
    assert dict(upgrade.new) == {"astro": 2}
    assert upgrade.size == 2


def test_a_layer_of_several_images_is_stored_once() -> None:
    report = share([image("5.0.6", os1=30, astro1=1), image("5.0.6-base", os1=30, astro1=1)])

    assert report.stored == report.largest == 31


def test_neighbours_are_of_one_variant() -> None:
    tags = ("5.0.6", "5.0.6-base", "5.0.7", "5.0.7-base")
    report = share(image(tag, os1=1) for tag in tags)

    assert [(each.before, each.after) for each in report.upgrades] == [
        ("runtime:5.0.6", "runtime:5.0.7"),
        ("runtime:5.0.6-base", "runtime:5.0.7-base"),
    ]


def test_numbers_are_ordered_as_numbers() -> None:
    report = share([image("5.0.10", os1=1), image("5.0.9", os1=1), image("4.2.6", os1=1)])

    assert [each.reference for each in report.images] == [
        "runtime:4.2.6",
        "runtime:5.0.9",
        "runtime:5.0.10",
    ]
