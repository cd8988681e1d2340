"""Which images share a layer."""

from __future__ import annotations

from dataclasses import dataclass

from oci.contents import ImageContents, LayerContents
from oci.image import ImageSpec
from oci.natural_order import natural_order


@dataclass(frozen=True)
class Sharing:
    """Who has a layer: by blob among images that are built, by target among all others."""

    built: tuple[ImageContents, ...]
    named: tuple[ImageSpec, ...]

    @property
    def counted(self) -> tuple[str, ...]:
        """References of all images but the experiments."""
        known: tuple[ImageContents | ImageSpec, ...] = (*self.built, *self.named)
        return tuple(each.reference for each in known if not each.experimental)

    def others(self, image: ImageContents, layer: LayerContents) -> tuple[str, ...]:
        """References of the other images with this layer."""
        digest, target = layer.descriptor.digest, layer.descriptor.target
        found = {
            other.reference
            for other in self.built
            if any(each.digest == digest for each in other.descriptors)
        }
        found |= {other.reference for other in self.named if target in map(str, other.layers)}
        return tuple(sorted(found - {image.reference}, key=natural_order))
