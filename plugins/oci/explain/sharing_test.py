from __future__ import annotations

from oci.explain.document import catalogue_document, image_document
from oci.explain.samples import sample_image, sample_layer
from oci.explain.sharing import Sharing, stored_once
from oci.explain.text import explain_image
from oci.natural_order import natural_order

OS = sample_layer("layers/os", {"deb/debian/libstdc%2B%2B6": "10"}, size=30_000_000)
ONE = sample_layer("layers/app@resolve=1.0", {"pypi/flask": "1.0"}, {"etc/x": "content"})
SAME = sample_layer("layers/app@resolve=2.0", {"pypi/flask": "1.0"}, {"etc/x": "content"})
FIRST, SECOND = sample_image("1.9", OS, ONE), sample_image("1.10", OS, SAME)
SHARING = Sharing((FIRST, SECOND), (("other:latest", frozenset({"layers/os"})),))


def test_layers_of_equal_content_are_shared_whatever_their_targets() -> None:
    assert SHARING.others(FIRST, ONE) == ("demo:1.10",)


def test_an_image_that_is_not_built_shares_the_targets_that_it_names() -> None:
    assert SHARING.others(FIRST, OS) == ("demo:1.10", "other:latest")


def test_shared_layers_count_once() -> None:
    assert stored_once([FIRST, SECOND]) == 31_000_000


def test_versions_come_in_the_order_of_their_numbers() -> None:
    assert sorted(["1.10", "1.9-base", "1.9"], key=natural_order) == ["1.9", "1.9-base", "1.10"]


def test_the_text_lists_layers_and_the_biggest_packages() -> None:
    text = "\n".join(explain_image(FIRST, SHARING))
    assert "demo:1.9  versions/1.9:image" in text
    assert "layers/os" in text and "demo:1.10, other:latest" in text
    assert "libstdc++6 10" in text


def test_the_document_adds_up_what_no_package_brought() -> None:
    layer = image_document(FIRST, SHARING)["layers"][1]
    assert layer["withoutPackage"] == {"size": 7, "files": 1}
    assert layer["packages"][0]["purl"] == "pkg:pypi/flask@1.0"


def test_the_catalogue_holds_each_layer_and_package_once() -> None:
    document = catalogue_document([FIRST, SECOND])
    assert [image["layers"] for image in document["images"]] == [[0, 1], [0, 1]]
    assert len(document["layers"]) == 2
    assert len(document["packages"]) == 2
