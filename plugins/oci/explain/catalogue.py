"""What a page about many images shows, as JSON: each layer and each package stands once.

All bytes are counted here, by `oci.sharing`. The page adds nothing up but sizes of unpacked files,
and compares two images as `oci.explain.changes` does: layers by digest, content and role, packages
by key and version.
"""

from __future__ import annotations

from dataclasses import asdict
from graphlib import CycleError, TopologicalSorter
from typing import Any, Mapping, Sequence

from oci.contents import ImageContents, PackageContents
from oci.explain.document import layer_document
from oci.layer import LayerDescriptor
from oci.natural_order import natural_order
from oci.sharing import blobs_to_pull, stored_size, together


def layer_order(images: Sequence[ImageContents]) -> tuple[str, ...]:
    """Roles of layers from the bottom up: each stands before all that lie on it in any image."""
    below: dict[str, list[str]] = {}
    for image in images:
        roles = [layer.role for layer in image.descriptors]
        for number, role in enumerate(roles):
            below.setdefault(role, []).extend(each for each in roles[:number] if each != role)
    try:
        return tuple(TopologicalSorter(below).static_order())
    except CycleError:
        # Images that stack the same layers in opposite orders have no common one.
        return tuple(below)


def _column(layer: LayerDescriptor) -> tuple[str, str]:
    """One blob may have a role of its own in each image."""
    return layer.digest, layer.role


def _name(package: PackageContents) -> str:
    around = package.package.inside
    return f"{package.name} (inside {around.rpartition('/')[2]})" if around else package.name


def _rows(images: Sequence[ImageContents]) -> list[dict[str, Any]]:
    """Images of the same layers stand in one row, with what each row pulls."""
    rows: dict[tuple[bool, str, tuple[str, ...]], list[int]] = {}
    for number, image in enumerate(images):
        repository = image.reference.rpartition(":")[0]
        digests = tuple(layer.digest for layer in image.descriptors)
        rows.setdefault((image.experimental, repository, digests), []).append(number)
    kinds = [key[:2] for key in rows]
    layers = [images[row[0]].descriptors for row in rows.values()]
    return [
        {
            "images": row,
            # Whether the row above has images of the same repository and kind.
            "follows": number > 0 and kinds[number] == kinds[number - 1],
            # Bytes to pull where the image of each row is.
            "pulls": [stored_size(blobs_to_pull(before, layers[number])) for before in layers],
        }
        for number, row in enumerate(rows.values())
    ]


def catalogue_document(
    images: Sequence[ImageContents], versions: Mapping[str, str] = {}
) -> dict[str, Any]:
    """Everything about the images, which come in the natural order of names, experiments last.

    Args:
        images: In any order.
        versions: Keys of packages whose version each image shows, by the head of their column.
    """
    images = sorted(images, key=lambda each: (each.experimental, natural_order(each.reference)))
    layers = {_column(layer.descriptor): layer for image in images for layer in image.layers}
    numbers = {column: number for number, column in enumerate(layers)}
    names: dict[str, str] = {}
    packages: dict[tuple[str, str, int], int] = {}
    described = []
    for layer in layers.values():
        names.update((key, _name(each)) for key, each in layer.packages.items())
        described.append(
            {
                **layer_document(layer),
                "role": layer.descriptor.role,
                "rest": sum(info.size for info in layer.unpackaged),
                "packages": [
                    packages.setdefault((key, each.version, each.size), len(packages))
                    for key, each in layer.packages.items()
                ],
            }
        )
    counted = [image for image in images if not image.experimental]
    whole = together(image.descriptors for image in counted)
    return {
        "packages": [[key, names[key], version, size] for key, version, size in packages],
        "layers": described,
        "roles": layer_order(images),
        "columns": list(versions),
        "images": [
            {
                "reference": image.reference,
                "target": image.target,
                "digest": image.digest,
                "size": image.size,
                "created": image.created[:10],
                "experimental": image.experimental,
                "versions": [
                    image.packages[key].version if key in image.packages else ""
                    for key in versions.values()
                ],
                "layers": [numbers[_column(layer)] for layer in image.descriptors],
            }
            for image in images
        ],
        "rows": _rows(images),
        "together": {
            **asdict(whole),
            "ratio": whole.ratio,
            "addedUp": sum(image.size for image in counted),
        },
    }
