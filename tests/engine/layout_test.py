from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.engine.archive import docker_archive
from tests.engine.errors import BadLayout
from tests.engine.layout import Layout
from tests.engine.tiny_image import write_tiny_layout


def test_a_layout_tells_its_image(tmp_path: Path) -> None:
    write_tiny_layout(tmp_path / "tiny")

    layout = Layout.open(tmp_path / "tiny")

    assert layout.reference == "tiny:1"
    assert layout.config["config"]["Entrypoint"] == ["/hello"]
    assert len(layout.layer_digests) == 1


def test_a_missing_layout_says_what_to_build(tmp_path: Path) -> None:
    with pytest.raises(BadLayout, match="build the image with `./pants package`"):
        Layout.open(tmp_path / "absent")


def test_a_layout_of_two_images_is_refused(tmp_path: Path) -> None:
    write_tiny_layout(tmp_path)
    index = json.loads((tmp_path / "index.json").read_text())
    index["manifests"] *= 2
    (tmp_path / "index.json").write_text(json.dumps(index))

    with pytest.raises(BadLayout, match="lists 2 images"):
        Layout.open(tmp_path)


def test_the_stream_is_a_tar_of_config_and_layers(tmp_path: Path) -> None:
    write_tiny_layout(tmp_path)
    layout = Layout.open(tmp_path)

    stream = io.BytesIO(b"".join(docker_archive(layout, "some/name:tag")))

    with tarfile.open(fileobj=stream, mode="r:") as tar:
        members = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        contents = {name: file.read() for name, file in members.items() if file is not None}
    (entry,) = json.loads(contents["manifest.json"])
    assert entry["RepoTags"] == ["some/name:tag"]
    assert json.loads(contents[entry["Config"]]) == layout.config
    assert contents[entry["Layers"][0]] == layout.blob(layout.layer_digests[0]).read_bytes()
