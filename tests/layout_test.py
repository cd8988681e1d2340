"""The images as files: ordinary OCI tools must read them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest
from oci.format.history import copied_targets, dockerfile_lines
from oci.format.layout import Layout, read_layout
from oci.format.referrers import fallback_tag

from tests.engine.session import Engine
from versions.macros import TESTED_RELEASE

_CHUNK = 1 << 20


@pytest.fixture(params=[f"{TESTED_RELEASE}-base", TESTED_RELEASE])
def layout(request: Any, dist: Path) -> Layout:
    """The layout of each image."""
    return read_layout(dist / "images" / str(request.param))


def tool(name: str) -> str:
    """Path of an OCI tool; without it the test is skipped, or fails where none may skip."""
    found = shutil.which(name)
    if found is None:
        sentence = f"There is no `{name}`: install Debian's package {name}."
        if os.environ.get("ASTRO_RUNTIME_REQUIRE_ENGINE") == "1":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    return found


@pytest.mark.parametrize("named", [True, False])
def test_skopeo_reads_it(layout: Layout, named: bool) -> None:
    name = f":{layout.name}" if named else ""
    argv = [tool("skopeo"), "inspect", f"oci:{layout.root}{name}"]

    inspected: Dict[str, Any] = json.loads(
        subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=60).stdout
    )

    assert inspected["Digest"] == layout.descriptor["digest"]
    assert inspected["Layers"] == list(layout.layers)
    assert inspected["Os"] == "linux"
    assert inspected["Architecture"] == "amd64"


def test_it_holds_one_image_and_nothing_else(layout: Layout) -> None:
    index = json.loads((layout.root / "index.json").read_text())
    assert index["manifests"] == [layout.descriptor]


def test_skopeo_finds_what_is_attached_to_it(layout: Layout, dist: Path) -> None:
    # As an older registry has it: at a tag of the image's digest.
    tag = fallback_tag(layout.manifest_digest)
    path = dist / "referrers" / layout.root.name
    argv = [tool("skopeo"), "inspect", "--raw", f"oci:{path}:{tag}"]

    index = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=60).stdout)

    assert len(index["manifests"]) == 3
    assert all(layout.blob(each["digest"]).is_file() for each in index["manifests"])


def test_umoci_reads_it(layout: Layout) -> None:
    name = f"{layout.root}:{layout.name}"
    argv = [tool("umoci"), "stat", "--json", "--image", name]

    stat = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=60).stdout)

    layers = [entry for entry in stat["history"] if not entry.get("empty_layer")]
    assert [entry["layer"]["digest"] for entry in layers] == list(layout.layers)


def test_its_history_is_a_dockerfile_that_makes_an_image_of_the_same_configuration(
    engine: Engine, layout: Layout
) -> None:
    history = layout.config["history"]
    targets = copied_targets(history)
    dockerfile = "\n".join(["FROM scratch", *dockerfile_lines(history)])

    built = engine.build({"Dockerfile": dockerfile, **{target: "" for target in targets}})

    assert built.image, built.log
    expected, found = layout.config["config"], engine.inspect(built.image)["Config"]
    found["Labels"] = {key: found["Labels"][key] for key in expected["Labels"]}
    assert {key: found[key] for key in expected} == expected
    assert len(targets) == len(layout.layers)


def test_it_is_named_after_its_release(layout: Layout) -> None:
    assert layout.name == layout.root.name


def test_every_blob_is_what_its_descriptor_says(layout: Layout) -> None:
    descriptors = [layout.descriptor, layout.manifest["config"], *layout.manifest["layers"]]
    for descriptor in descriptors:
        blob = layout.blob(descriptor["digest"])
        assert blob.stat().st_size == descriptor["size"]
        assert _sha256(blob) == descriptor["digest"]


def test_every_layer_unpacks_to_its_diff_id(layout: Layout) -> None:
    unpacked = []
    for digest in layout.layers:
        total = hashlib.sha256()
        with gzip.open(layout.blob(digest)) as tar:
            for chunk in iter(lambda: tar.read(_CHUNK), b""):
                total.update(chunk)
        unpacked.append(f"sha256:{total.hexdigest()}")

    assert unpacked == list(layout.diff_ids)


def test_it_was_created_at_its_release(layout: Layout, release: Dict[str, Any]) -> None:
    assert str(layout.config["created"]).startswith(str(release["date"]))


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as blob:
        for chunk in iter(lambda: blob.read(_CHUNK), b""):
            total.update(chunk)
    return f"sha256:{total.hexdigest()}"
