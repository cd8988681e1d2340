from __future__ import annotations

from oci.explain.changes import image_change
from oci.explain.document import change_document
from oci.explain.samples import recompressed, sample_image, sample_layer
from oci.explain.text import explain_change

OS = sample_layer("layers/os", {"deb/debian/bash": "5.1"}, size=30_000_000)
OLD = sample_layer(
    "layers/app@resolve=1.0",
    {"pypi/flask": "1.0", "pypi/six": "1.16", "pypi/pip": "22"},
    {"etc/app.conf": "old", "etc/gone": ""},
    size=5_000_000,
)
NEW = sample_layer(
    "layers/app@resolve=2.0",
    {"pypi/flask": "2.0", "pypi/click": "8.0", "pypi/pip": "22"},
    {"etc/app.conf": "new"},
    size=6_000_000,
)
TOP = sample_layer("layers/files", files={"entrypoint": "run"}, size=1_000)
BEFORE, AFTER = sample_image("1.0", OS, OLD, TOP), sample_image("2.0", OS, NEW, TOP)


def test_only_layers_that_the_older_image_lacks_are_pulled() -> None:
    change = image_change(BEFORE, AFTER)
    assert change.pull == 6_000_000
    assert change.pull_above == 6_001_000
    assert [layer.kind for layer in change.layers] == ["same", "changed", "same"]


def test_an_image_changed_nothing_since_itself() -> None:
    change = image_change(AFTER, AFTER)
    assert (change.pull, change.pull_above) == (0, 0)
    assert {layer.kind for layer in change.layers} == {"same"}


def test_another_codec_pulls_every_layer_and_leaves_the_contents_the_same() -> None:
    smaller = sample_image("2.0-zstd", recompressed(OS, 20_000_000), recompressed(NEW, 4_000_000))
    change = image_change(sample_image("2.0", OS, NEW), smaller)
    assert (change.pull, change.pull_above) == (24_000_000, 24_000_000)
    assert [layer.kind for layer in change.layers] == ["recompressed", "recompressed"]
    text = "\n".join(explain_change(change))
    assert "to pull: 24.0 MB of 24.0 MB\ncontents: the same\n" in text
    assert "~ layers/os  20.0 MB  same content, compressed anew (zstd -9)" in text
    assert change_document(change)["sameContents"]


def test_an_image_with_another_configuration_says_so() -> None:
    text = "\n".join(explain_change(image_change(sample_image("2.0-base", OS, NEW, TOP), AFTER)))
    assert "to pull: 0 B of 36.0 MB\ncontents: the same, with another configuration\n" in text


def test_a_package_that_went_to_another_layer_is_no_change_of_the_image() -> None:
    below = sample_layer("layers/libraries", {"pypi/six": "1.16"})
    change = image_change(BEFORE, sample_image("2.0", OS, below, NEW, TOP))
    assert {(each.present.name, each.kind) for each in change.packages} == {
        ("flask", "changed"),
        ("click", "added"),
    }


def test_a_layer_of_the_same_role_tells_packages_and_files_that_differ() -> None:
    change = image_change(BEFORE, AFTER).layers[1]
    assert {(each.present.name, each.kind) for each in change.packages} == {
        ("flask", "changed"),
        ("six", "removed"),
        ("click", "added"),
    }
    unexpected = {(each.present.path, each.kind) for each in change.other_files}
    assert unexpected == {("etc/app.conf", "changed"), ("etc/gone", "removed")}


def test_a_layer_that_went_or_came_says_so() -> None:
    change = image_change(sample_image("1.0", OS, TOP), sample_image("2.0", OS, NEW))
    assert [layer.kind for layer in change.layers] == ["same", "added", "removed"]


def test_the_text_gives_the_reason_of_each_changed_layer() -> None:
    text = "\n".join(explain_change(image_change(BEFORE, AFTER)))
    assert "to pull: 6.0 MB of 36.0 MB (6.0 MB where an engine keeps layers and no blobs)" in text
    assert "~ flask 1.0 -> 2.0  (2.0 MB unpacked)" in text
    assert "contents: 1 package changed, 1 package added, 1 package removed\n" in text
    assert "1 package changed, 1 package added, 1 package removed, 2 files differ besides" in text
    assert "- /etc/gone" in text
    assert "pip" not in text


def test_the_document_holds_every_change() -> None:
    document = change_document(image_change(BEFORE, AFTER))
    assert document["pull"] == 6_000_000
    changed = document["layers"][1]
    assert {each["name"] for each in changed["packages"]} == {"flask", "six", "click"}
    assert {"path": "/lib/pypi/six", "change": "removed", "package": "pypi/six"} in changed["files"]
