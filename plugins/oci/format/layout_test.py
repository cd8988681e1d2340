from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from oci.format.errors import FormatError
from oci.format.layout import Layout, read_layout
from oci.format.referrers import read_referrers
from oci.testing.images import write_image


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return write_image(tmp_path, [b"1", b"22"], "1.0", about={"scan.json": "a scan"})


def edit(path: Path, change: Callable[[Dict[str, Any]], Any]) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data))


def test_a_layout_tells_its_image(layout: Layout) -> None:
    assert layout.name == "1.0"
    assert layout.config["config"] == {"Labels": {"name": "1.0"}}
    assert [layout.blob(digest).read_bytes() for digest in layout.layers] == [b"1", b"22"]


def test_what_is_attached_to_the_image_is_no_image_wherever_it_stands(layout: Layout) -> None:
    edit(layout.root / "index.json", lambda index: index["manifests"].reverse())
    read = read_layout(layout.root)
    assert read.manifest_digest == layout.manifest_digest
    assert [referrer.title for referrer in read_referrers(read)] == ["scan.json"]


@pytest.mark.parametrize("count", [0, 2])
def test_a_layout_that_does_not_tell_which_image_is_meant_is_refused(
    layout: Layout, count: int
) -> None:
    def list_images(index: Dict[str, Any]) -> None:
        index["manifests"] = [layout.descriptor] * count

    edit(layout.root / "index.json", list_images)
    with pytest.raises(FormatError, match=f"index.json: it lists {count} images"):
        read_layout(layout.root)


def test_a_folder_without_a_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="index.json: not a part of an OCI image layout: No such"):
        read_layout(tmp_path)


@pytest.mark.parametrize("content", [b"[", b"[]", b"{}", b"null", b"\xff", b'{"manifests": [1]}'])
def test_a_document_that_is_none_is_named(layout: Layout, content: bytes) -> None:
    documents = ["index.json"]
    for digest in (layout.manifest_digest, layout.config_digest):
        documents.append(digest.partition(":")[2])
    for name in documents:
        (path,) = layout.root.rglob(name)
        whole = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(FormatError, match=f"{name}: not a part of an OCI image layout: "):
            read_layout(layout.root)
        path.write_bytes(whole)


def test_a_referrer_that_is_missing_is_named(layout: Layout) -> None:
    (referrer,) = read_referrers(layout)
    path = layout.blob(referrer.digest)
    path.unlink()
    with pytest.raises(FormatError, match=f"{path.name}: not a part of an OCI image layout"):
        read_referrers(layout)
