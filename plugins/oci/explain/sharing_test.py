from __future__ import annotations

import pytest
from oci.explain.document import image_document
from oci.explain.samples import recompressed, sample_image, sample_layer
from oci.explain.sharing import Sharing
from oci.explain.text import explain_image
from oci.image import ImageConfig, ImageSpec
from oci.natural_order import natural_order
from pants.engine.addresses import Address

OS = sample_layer("layers/os:os", {"deb/debian/libstdc%2B%2B6": "10"}, size=30_000_000)
ONE = sample_layer("layers/app@resolve=1.0", {"pypi/flask": "1.0"}, {"etc/x": "content"})
SAME = sample_layer("layers/app@resolve=2.0", {"pypi/flask": "1.0"}, {"etc/x": "content"})
FIRST, SECOND = sample_image("1.9", OS, ONE), sample_image("1.10", OS, SAME)


def named(repository: str, tag: str, *layers: str, experimental: bool = False) -> ImageSpec:
    """An image that need not be built, with the layers of these folders."""
    address, below = Address("versions", target_name=tag), tuple(map(Address, layers))
    return ImageSpec(address, repository, tag, below, ImageConfig(), "", tag, experimental)


OTHER = named("other", "latest", "layers/os")
SHARING = Sharing((FIRST, SECOND), (OTHER,))


def test_layers_of_equal_content_are_shared_whatever_their_targets() -> None:
    assert SHARING.others(FIRST, ONE) == ("demo:1.10",)


def test_an_image_that_is_not_built_shares_the_targets_that_it_names() -> None:
    assert SHARING.others(FIRST, OS) == ("demo:1.10", "other:latest")


def test_a_layer_of_equal_content_in_another_blob_is_not_shared() -> None:
    smaller = sample_image("1.11", recompressed(OS, 20_000_000))
    assert Sharing((FIRST, smaller), ()).others(FIRST, OS) == ()


@pytest.mark.parametrize(
    "having, lacking, experiments, words",
    [
        (28, 0, 2, "all 30 images"),
        (26, 2, 2, "all but demo:2.26, 2.27"),
        (20, 8, 0, "22 of 30 images"),
        (1, 27, 0, "demo:1.10, 2.0"),
    ],
)
def test_many_images_that_share_a_layer_are_told_in_few_words(
    having: int, lacking: int, experiments: int, words: str
) -> None:
    images = [named("demo", f"2.{number}", "layers/os") for number in range(having)]
    images += [named("demo", f"2.{having + number}") for number in range(lacking)]
    images += [named("demo", f"3.{number}", experimental=True) for number in range(experiments)]
    sharing = Sharing((FIRST, SECOND), (*images, OTHER))
    assert f"{words}, other:latest\n" in "\n".join(explain_image(FIRST, sharing))


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
