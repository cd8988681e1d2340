from __future__ import annotations

from oci.explain.catalogue import catalogue_document, layer_order
from oci.explain.samples import recompressed, sample_image, sample_layer

OS = sample_layer("layers/os", {"deb/debian/bash": "5.1"}, size=30_000_000)
ONE = sample_layer("layers/app@resolve=1.0", {"pypi/flask": "1.0"}, {"etc/x": "content"})
SAME = sample_layer("layers/app@resolve=2.0", {"pypi/flask": "1.0"}, {"etc/x": "content"})
FIRST, SECOND = sample_image("1.9", OS, ONE), sample_image("1.10", OS, SAME)


def test_each_layer_and_package_is_told_once() -> None:
    document = catalogue_document([FIRST, SECOND])
    assert [image["layers"] for image in document["images"]] == [[0, 1], [0, 1]]
    assert len(document["layers"]) == 2
    assert len(document["packages"]) == 2
    assert [row["images"] for row in document["rows"]] == [[0, 1]]


def test_rows_tell_what_each_pulls_with_the_image_of_another() -> None:
    smaller = sample_image("2.0", recompressed(OS, 20_000_000), ONE)
    assert [row["pulls"] for row in catalogue_document([FIRST, smaller])["rows"]] == [
        [0, 30_000_000],
        [20_000_000, 0],
    ]


def test_an_experiment_comes_last_and_follows_no_release() -> None:
    experiment = sample_image("1.0", OS, experimental=True)
    document = catalogue_document([experiment, FIRST])
    assert [image["reference"] for image in document["images"]] == ["demo:1.9", "demo:1.0"]
    assert [row["follows"] for row in document["rows"]] == [False, False]
    assert document["together"]["images"] == 1


def test_a_layer_stands_before_those_above_it_whichever_image_comes_first() -> None:
    bottom, middle, top = (sample_layer(f"layers/{name}") for name in ("c", "b", "a"))
    images = [sample_image("1", middle, top), sample_image("2", bottom, middle)]
    assert layer_order(images) == layer_order(images[::-1]) == ("layers/c", "layers/b", "layers/a")


def test_images_that_stack_the_same_layers_in_opposite_orders_have_all_columns() -> None:
    images = [sample_image("1", OS, ONE), sample_image("2", ONE, OS)]
    assert sorted(layer_order(images)) == ["layers/app", "layers/os"]


def test_a_package_that_an_image_lacks_has_no_version() -> None:
    document = catalogue_document([FIRST], {"Flask": "pypi/flask", "Django": "pypi/django"})
    assert document["columns"] == ["Flask", "Django"]
    assert document["images"][0]["versions"] == ["1.0", ""]
