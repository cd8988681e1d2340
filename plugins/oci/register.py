"""OCI images from independent layers: add `oci` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from typing import Iterable

from oci.goals import explain, package, publish, run, sharing, sign
from oci.target_types import FilesLayerTarget, OciImageTarget
from oci.util_rules import (
    assemble_image,
    attested_image,
    contents,
    files_layer,
    image_layout,
    kinds,
    layer_paths,
    layer_process,
    machine_settings,
    oci_image,
    packages,
    sandbox_code,
    toolchain,
    toolchain_libraries,
)
from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule


def target_types() -> Iterable[type[Target]]:
    return [FilesLayerTarget, OciImageTarget]


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *assemble_image.rules(),
        *attested_image.rules(),
        *contents.rules(),
        *explain.rules(),
        *files_layer.rules(),
        *image_layout.rules(),
        *kinds.rules(),
        *layer_paths.rules(),
        *layer_process.rules(),
        *machine_settings.rules(),
        *oci_image.rules(),
        *package.rules(),
        *packages.rules(),
        *publish.rules(),
        *run.rules(),
        *sandbox_code.rules(),
        *sharing.rules(),
        *sign.rules(),
        *toolchain.rules(),
        *toolchain_libraries.rules(),
    ]
