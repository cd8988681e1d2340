from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Dict, List

import pytest
from oci.format.docker_archive import common_prefix, docker_archive
from oci.format.layout import Layout
from oci.testing.images import write_image


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return write_image(tmp_path / "image", [b"1", b"22"])


def members(layout: Layout, skip: int = 0) -> "List[tuple[str, bytes]]":
    stream = io.BytesIO(b"".join(docker_archive(layout, "some/image:tag", skip)))
    with tarfile.open(fileobj=stream) as tar:
        return [(each.name, tar.extractfile(each).read()) for each in tar]  # type: ignore


def archive(layout: Layout, skip: int = 0) -> Dict[str, bytes]:
    return dict(members(layout, skip))


def test_the_archive_names_config_and_layers_and_holds_them(layout: Layout) -> None:
    files = archive(layout)
    (entry,) = json.loads(files["manifest.json"])
    assert entry["RepoTags"] == ["some/image:tag"]
    assert json.loads(files[entry["Config"]]) == layout.config
    assert [files[name] for name in entry["Layers"]] == [b"1", b"22"]


def test_layers_that_the_engine_has_are_named_but_left_out(layout: Layout) -> None:
    files = archive(layout, skip=1)
    lower, upper = json.loads(files["manifest.json"])[0]["Layers"]
    assert lower not in files and upper in files


@pytest.mark.parametrize("skip", [0, 1])
def test_a_layer_that_stands_in_an_image_twice_is_held_once(tmp_path: Path, skip: int) -> None:
    twice = write_image(tmp_path / "twice", [b"1", b"22", b"1"])
    names = [name for name, _ in members(twice, skip)]
    (entry,) = json.loads(archive(twice, skip)["manifest.json"])
    assert len(entry["Layers"]) == 3
    assert sorted(names) == sorted({"manifest.json", entry["Config"], *entry["Layers"]})


def test_only_a_common_bottom_counts_as_present() -> None:
    assert common_prefix(["a", "b", "c"], [["a", "x"], ["a", "b"], ["b", "c"]]) == 2
    assert common_prefix(["a"], [["a", "b"]]) == 1
    assert common_prefix(["a"], [[], ["b", "a"]]) == 0
