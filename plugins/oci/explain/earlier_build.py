"""Reads an image that an earlier build, perhaps of another commit, left in a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Iterator

from oci.contents import ImageContents, LayerContents, layer_contents
from oci.format import mtree, packages
from oci.format.errors import FormatError
from oci.format.history import copied_targets
from oci.format.layer_descriptor import LayerDescriptor
from oci.format.layout import read_layout


class EarlierBuildError(Exception):
    """A folder is not an image of an earlier build."""


def _descriptors(folder: Path) -> Iterator[tuple[Path, LayerDescriptor]]:
    for path in sorted(folder.glob("*.json")):
        if not path.name.endswith(".packages.json"):
            try:
                yield path, LayerDescriptor.from_json(path.read_bytes())
            except ValueError as error:
                raise EarlierBuildError(f"--explain-since: {path}: {error}.") from None


def _layers_beside(path: Path) -> Path:
    """Where the layers of an image are described; a repository's name makes folders of its own."""
    candidates = [parent / "layers" for parent in path.parents]
    # `dist/images/5.0.6`, `dist/images/team/tool`.
    return next(filter(Path.is_dir, candidates), path.parent.parent / "layers")


def read_earlier_build(path: Path) -> ImageContents:
    """Read an image of `dist/images`, and its layers' documents from `dist/layers` beside it.

    Raises:
        EarlierBuildError: it is not an image layout, or the documents of a layer are not there.
    """
    try:
        layout = read_layout(path)
    except FormatError as error:
        raise EarlierBuildError(
            f"--explain-since: {error} Name a folder of `dist/images`."
        ) from None
    folder = _layers_beside(path.resolve())
    by_diff_id = {found.diff_id: (file, found) for file, found in _descriptors(folder)}
    layers: list[LayerContents] = []
    targets = copied_targets(layout.config["history"])
    for diff_id, blob, target in zip(layout.diff_ids, layout.manifest["layers"], targets):
        if diff_id not in by_diff_id:
            raise EarlierBuildError(
                f"--explain-since: {folder} does not describe the layer {target} of {path}. Keep "
                "the whole folder `dist` of the earlier build."
            )
        file, descriptor = by_diff_id[diff_id]
        paths = mtree.loads(file.with_suffix(".mtree").read_text())
        content = file.with_suffix(".packages.json").read_text()
        layers.append(
            layer_contents(
                # A later build with another codec may have described the same content in its blob.
                replace(descriptor, digest=blob["digest"], size=blob["size"]),
                packages.loads(content),
                {info.path: info for info in paths},
            )
        )
    return ImageContents(
        reference=str(path),
        target="",
        digest=layout.manifest_digest,
        layers=tuple(layers),
    )
