from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from oci.format.docker_archive import common_prefix, write_archive
from oci.format.layout import Layout, read_layout
from oci.sandbox.errors import SandboxError


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A layout with the layers `one` and `two`."""
    blobs = tmp_path / "blobs/sha256"
    blobs.mkdir(parents=True)

    def store(name: str, content: bytes) -> dict:
        (blobs / name).write_bytes(content)
        return {"digest": f"sha256:{name}", "size": len(content)}

    config = store("c", json.dumps({"rootfs": {"diff_ids": ["sha256:x", "sha256:y"]}}).encode())
    layers = [store("one", b"1"), store("two", b"22")]
    manifest = store("m", json.dumps({"config": config, "layers": layers}).encode())
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    return read_layout(tmp_path)


def archive(layout: Layout, skip: int) -> "dict[str, bytes]":
    stream = io.BytesIO()
    write_archive(layout, "image:tag", skip, stream)
    with tarfile.open(fileobj=io.BytesIO(stream.getvalue())) as tar:
        return {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore


def test_the_archive_names_all_layers_and_holds_them(layout: Layout) -> None:
    files = archive(layout, skip=0)
    assert json.loads(files["manifest.json"]) == [
        {"Config": "c.json", "RepoTags": ["image:tag"], "Layers": ["one.tar", "two.tar"]}
    ]
    assert (files["one.tar"], files["two.tar"]) == (b"1", b"22")


def test_layers_that_the_engine_has_are_named_but_left_out(layout: Layout) -> None:
    files = archive(layout, skip=1)
    assert json.loads(files["manifest.json"])[0]["Layers"] == ["one.tar", "two.tar"]
    assert "one.tar" not in files and "two.tar" in files


def test_only_a_common_bottom_counts_as_present() -> None:
    assert common_prefix(["a", "b", "c"], [["a", "x"], ["a", "b"], ["b", "c"]]) == 2
    assert common_prefix(["a"], [["a", "b"]]) == 1
    assert common_prefix(["a"], [[], ["b", "a"]]) == 0


def test_a_folder_without_a_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="index.json: not a part of an OCI image layout"):
        read_layout(tmp_path)
