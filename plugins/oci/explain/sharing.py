"""Which images share a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from oci.contents import ImageContents, LayerContents
from oci.natural_order import natural_order


@dataclass(frozen=True)
class Sharing:
    """Who has a layer: by content among images that are built, by target among all others."""

    built: tuple[ImageContents, ...]

    named: tuple[tuple[str, frozenset[str]], ...]
    """References of the other images with the addresses of their layers."""

    def others(self, image: ImageContents, layer: LayerContents) -> tuple[str, ...]:
        """References of the other images with this layer."""
        diff_id, target = layer.descriptor.diff_id, layer.descriptor.target
        found = {
            other.reference
            for other in self.built
            if any(each.descriptor.diff_id == diff_id for each in other.layers)
        }
        found |= {reference for reference, layers in self.named if target in layers}
        return tuple(sorted(found - {image.reference}, key=natural_order))


def stored_once(images: Iterable[ImageContents]) -> int:
    """Bytes of all distinct layers of images."""
    return sum(
        {
            layer.descriptor.digest: layer.descriptor.size
            for image in images
            for layer in image.layers
        }.values()
    )
