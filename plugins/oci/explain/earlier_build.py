"""Reads an image that an earlier build, perhaps of another commit, left in a folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator

from oci.contents import ImageContents, LayerContents, layer_contents
from oci.format import mtree, packages
from oci.format.history import copied_targets
from oci.format.layout import read_layout
from oci.layer import LayerDescriptor
from oci.sandbox.errors import SandboxError


class EarlierBuildError(Exception):
    """A folder is no image of an earlier build."""


def _descriptors(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        if not path.name.endswith(".packages.json"):
            yield path, json.loads(path.read_bytes())


def _layers_beside(path: Path) -> Path:
    """Where the layers of an image are described; a repository's name makes folders of its own."""
    candidates = [parent / "layers" for parent in path.parents]
    # `dist/images/5.0.6`, `dist/images/team/tool`.
    return next(filter(Path.is_dir, candidates), path.parent.parent / "layers")


def read_earlier_build(path: Path) -> ImageContents:
    """Read an image of `dist/images`, and its layers' documents from `dist/layers` beside it.

    Raises:
        EarlierBuildError: it is no image layout, or the documents of a layer are not there.
    """
    try:
        layout = read_layout(path)
    except SandboxError as error:
        raise EarlierBuildError(
            f"--explain-since: {error} Name a folder of `dist/images`."
        ) from None
    folder = _layers_beside(path.resolve())
    by_diff_id = {data["diffID"]: (file, data) for file, data in _descriptors(folder)}
    layers: list[LayerContents] = []
    targets = copied_targets(layout.config["history"])
    for diff_id, blob, target in zip(layout.diff_ids, layout.manifest["layers"], targets):
        if diff_id not in by_diff_id:
            raise EarlierBuildError(
                f"--explain-since: {folder} does not describe the layer {target} of {path}. Keep "
                "the whole folder `dist` of the earlier build."
            )
        file, data = by_diff_id[diff_id]
        paths = mtree.loads(file.with_suffix(".mtree").read_text())
        content = file.with_suffix(".packages.json").read_text()
        descriptor = LayerDescriptor.from_json(data["target"], file.read_bytes())
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
