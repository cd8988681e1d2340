from __future__ import annotations

from pathlib import Path

import pytest
from oci.contents import ImageContents
from oci.explain.earlier_build import EarlierBuildError, read_earlier_build
from oci.explain.samples import recompressed, sample_image, sample_layer
from oci.format import mtree, packages
from oci.format.image import ImageConfig, image_config, image_index, image_manifest
from oci.format.platform import DEFAULT
from oci.testing.images import write_files

LAYER = sample_layer("layers/app:app", {"pypi/flask": "1.0"}, {"etc/x": "content"})
IMAGE = sample_image("1.0", LAYER)


def write_dist(dist: Path, image: ImageContents, name: str = "1.0") -> Path:
    """What `package` leaves of an image, without the layers' bytes."""
    config = image_config(
        ImageConfig(user="astro"),
        [layer.descriptor for layer in image.layers],
        "2022-07-11T00:00:00Z",
        DEFAULT,
    )
    manifest = image_manifest(config, [each.in_manifest for each in image.descriptors])
    folder = dist / "images" / name
    write_files(folder, image_index(manifest, name, DEFAULT), [config, manifest])
    (dist / "layers").mkdir()
    for layer in image.layers:
        file = dist / "layers" / layer.descriptor.target.replace("/", ".").replace(":", ".")
        Path(f"{file}.json").write_bytes(layer.descriptor.to_json())
        Path(f"{file}.mtree").write_text(mtree.dumps(layer.paths.values()))
        contents = [each.package for each in layer.packages.values()]
        Path(f"{file}.packages.json").write_text(packages.dumps(contents))
    return folder


@pytest.mark.parametrize("name", ["1.0", "team/tool+1.0"])
def test_what_package_wrote_is_read_back(tmp_path: Path, name: str) -> None:
    found = read_earlier_build(write_dist(tmp_path, IMAGE, name))
    assert found.layers[0] == LAYER


def test_a_layer_has_the_blob_of_its_image_when_a_later_build_compressed_it_anew(
    tmp_path: Path,
) -> None:
    folder = write_dist(tmp_path, IMAGE)
    later = recompressed(LAYER, 7).descriptor
    (tmp_path / "layers/layers.app.app.json").write_bytes(later.to_json())
    (found,) = read_earlier_build(folder).descriptors
    assert (found.digest, found.size) == (LAYER.descriptor.digest, LAYER.descriptor.size)


def test_a_layer_without_description_is_named(tmp_path: Path) -> None:
    folder = write_dist(tmp_path, IMAGE)
    for file in (tmp_path / "layers").iterdir():
        file.unlink()
    with pytest.raises(EarlierBuildError, match="does not describe the layer layers/app:app"):
        read_earlier_build(folder)


def test_a_folder_that_holds_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("[")
    with pytest.raises(EarlierBuildError, match="Name a folder of `dist/images`"):
        read_earlier_build(tmp_path)


def test_a_description_that_is_cut_off_is_named(tmp_path: Path) -> None:
    folder = write_dist(tmp_path, IMAGE)
    (file,) = (tmp_path / "layers").glob("*app.json")
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(EarlierBuildError, match=f"{file}: "):
        read_earlier_build(folder)
