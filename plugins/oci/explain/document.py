"""Explanations as JSON."""

from __future__ import annotations

from typing import Any

from oci.contents import ImageContents, LayerContents, PackageContents
from oci.explain.changes import ImageChange, LayerChange, PackageChange
from oci.explain.sharing import Sharing


def _package(package: PackageContents) -> dict[str, Any]:
    return {
        "purl": package.package.purl,
        "name": package.name,
        "version": package.version,
        "size": package.size,
        "files": package.files,
    }


def layer_document(layer: LayerContents) -> dict[str, Any]:
    """A layer, without what is inside."""
    descriptor = layer.descriptor
    return {
        "target": descriptor.target,
        "diffID": descriptor.diff_id,
        "digest": descriptor.digest,
        "size": descriptor.size,
        "uncompressedSize": descriptor.uncompressed_size,
        "files": layer.files,
    }


def image_document(image: ImageContents, sharing: Sharing) -> dict[str, Any]:
    """What an image is made of."""
    return {
        "reference": image.reference,
        "target": image.target,
        "digest": image.digest,
        "size": image.size,
        "layers": [
            {
                **layer_document(layer),
                "sharedWith": list(sharing.others(image, layer)),
                "packages": [
                    _package(each)
                    for each in sorted(layer.packages.values(), key=lambda each: -each.size)
                ],
                "withoutPackage": {
                    "size": sum(info.size for info in layer.unpackaged),
                    "files": len(layer.unpackaged),
                },
            }
            for layer in image.layers
        ],
    }


def _package_change(change: PackageChange) -> dict[str, Any]:
    return {
        "name": change.present.name,
        "change": change.kind,
        "before": _package(change.before) if change.before else None,
        "after": _package(change.after) if change.after else None,
    }


def _layer_change(change: LayerChange) -> dict[str, Any]:
    return {
        "change": change.kind,
        "before": layer_document(change.before) if change.before else None,
        "after": layer_document(change.after) if change.after else None,
        "packages": [_package_change(each) for each in change.packages],
        "files": [
            {
                "path": f"/{each.present.path}",
                "change": each.kind,
                "package": each.present.package or None,
            }
            for each in change.files
        ],
    }


def change_document(change: ImageChange) -> dict[str, Any]:
    """What a node that has one image pulls for another, and why."""
    return {
        "before": {"reference": change.before.reference, "digest": change.before.digest},
        "after": {"reference": change.after.reference, "digest": change.after.digest},
        "sameContents": change.same_contents,
        "pull": change.pull,
        "pullWithoutBlobStore": change.pull_above,
        "layers": [_layer_change(each) for each in change.layers],
    }
