from __future__ import annotations

from dataclasses import replace

from oci.explain.samples import sample_layer
from oci.layer import LayerDescriptor
from oci.sharing import blobs_to_pull, share, stored_size, together

OS = replace(sample_layer("layers/os").descriptor, digest="sha256:os", size=30)
SMALLER_OS = replace(OS, digest="sha256:os as zstd", size=20)


def layers(**blobs: int) -> list[LayerDescriptor]:
    """Layers that are named after their content; `a1` is of the target `a`."""
    return [replace(OS, target=name[:-1], digest=name, size=size) for name, size in blobs.items()]


def test_the_same_content_in_another_blob_is_pulled_and_stored_again() -> None:
    assert blobs_to_pull([OS], [SMALLER_OS]) == (SMALLER_OS,)
    assert stored_size([OS, SMALLER_OS]) == 50


def test_a_blob_that_an_image_has_twice_is_pulled_and_stored_once() -> None:
    assert blobs_to_pull([], [OS, OS]) == (OS,)
    assert stored_size([OS, OS]) == together([[OS, OS]]).largest == 30


def test_an_upgrade_pulls_the_layers_that_differ() -> None:
    report = share({"5.0.7": layers(os1=30, astro2=2), "5.0.6": layers(os1=30, astro1=1)})

    (upgrade,) = report.upgrades
    assert (upgrade.before, upgrade.after) == ("5.0.6", "5.0.7")
    assert upgrade.size == 2
    assert report.to_json()["upgrades"][0]["layers"] == {"astro": 2}


def test_a_layer_of_several_images_is_stored_once() -> None:
    report = share({"5.0.6": layers(os1=30, astro1=1), "5.0.6-base": layers(os1=30, astro1=1)})

    assert report.together.stored == report.together.largest == 31
    assert report.together.ratio == 1.0


def test_an_experiment_is_no_part_of_what_images_take_together() -> None:
    report = share({"5.0.6": layers(os1=30), "3.3-1": layers(os2=40)}, experiments={"3.3-1"})

    assert report.together == together([layers(os1=30)])
    assert report.to_json()["experiments"] == ("3.3-1",)
    assert report.to_json()["images"] == {"3.3-1": 40, "5.0.6": 30}


def test_experiments_alone_take_nothing_together() -> None:
    assert share({"3.3-1": layers(os2=40)}, experiments={"3.3-1"}).together.ratio == 0.0


def test_neighbours_are_of_one_variant() -> None:
    tags = ("5.0.6", "5.0.6-base", "5.0.7", "5.0.7-base")
    report = share({f"runtime:{tag}": layers(os1=1) for tag in tags})

    assert [(each.before, each.after) for each in report.upgrades] == [
        ("runtime:5.0.6", "runtime:5.0.7"),
        ("runtime:5.0.6-base", "runtime:5.0.7-base"),
    ]


def test_numbers_are_ordered_as_numbers() -> None:
    report = share({tag: layers(os1=1) for tag in ("5.0.10", "5.0.9", "4.2.6")})

    assert list(report.sizes) == ["4.2.6", "5.0.9", "5.0.10"]
