"""What a run has packaged, as tables for people and as JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

from oci.layer import BuiltLayer
from oci.natural_order import natural_order
from oci.report import BUILT, origin, table
from oci.sandbox.sizes import human_size
from oci.util_rules.assemble_image import BuiltImage
from pants.core.goals.package import BuiltPackageArtifact
from pants.engine.internals.session import RunId
from pants.util.docutil import bin_name


@dataclass(frozen=True)
class LayerArtifact(BuiltPackageArtifact):
    """A layer that stands in the store."""

    layer: BuiltLayer | None = None


@dataclass(frozen=True)
class ImageArtifact(BuiltPackageArtifact):
    """An image that stands in the store, with its documents."""

    image: BuiltImage | None = None


@dataclass(frozen=True)
class Packaged:
    """The products of a run."""

    artifacts: tuple[BuiltPackageArtifact, ...]

    dist: Path
    """The folder that they are in, relative to the repository."""

    written: frozenset[str]
    """Paths below `dist` that this run has written."""

    run_id: RunId

    @property
    def images(self) -> list[BuiltImage]:
        """In the order of their references."""
        found = [
            each.image for each in self.artifacts if isinstance(each, ImageArtifact) and each.image
        ]
        return sorted(found, key=lambda image: natural_order(image.spec.reference))

    @property
    def layers(self) -> list[BuiltLayer]:
        """The layers that were named, and those of the images, each once, by target."""
        found = {layer.descriptor.target: layer for image in self.images for layer in image.layers}
        for each in self.artifacts:
            if isinstance(each, LayerArtifact) and each.layer:
                found[each.layer.descriptor.target] = each.layer
        return [found[target] for target in sorted(found)]

    @property
    def others(self) -> list[str]:
        """Paths of all other products, relative to the repository."""
        own = (ImageArtifact, LayerArtifact)
        return [
            str(self.dist / each.relpath)
            for each in self.artifacts
            if each.relpath and not isinstance(each, own)
        ]

    def _new_bytes(self, layers: Sequence[BuiltLayer]) -> int:
        """How many bytes of layers this run has written to `dist`."""
        blobs = {layer.blob for layer in layers}
        return sum(
            blob.serialized_bytes_length
            for blob in blobs
            if f"blobs/sha256/{blob.fingerprint}" in self.written
        )

    def _new_bytes_by_image(self) -> list[int]:
        """The same by image; what several share counts for the first of them."""
        seen: set[BuiltLayer] = set()
        new = []
        for image in self.images:
            new.append(self._new_bytes(sorted(set(image.layers) - seen, key=_target)))
            seen.update(image.layers)
        return new

    def to_json(self) -> dict[str, Any]:
        """The same for programs; sizes in bytes."""
        return {
            "images": [
                {
                    "reference": image.spec.reference,
                    "target": str(image.spec.address),
                    "path": str(self.dist / image.path),
                    "digest": image.manifest.digest,
                    "size": image.size,
                    "newBytes": new,
                    "layers": [layer.descriptor.target for layer in image.layers],
                }
                for image, new in zip(self.images, self._new_bytes_by_image())
            ],
            "layers": [
                {
                    "target": layer.descriptor.target,
                    "digest": layer.descriptor.digest,
                    "diffID": layer.descriptor.diff_id,
                    "size": layer.descriptor.size,
                    "origin": origin(layer, self.run_id),
                    "newBytes": self._new_bytes((layer,)),
                }
                for layer in self.layers
            ],
            "others": self.others,
        }

    def lines(self, with_layers: bool) -> Iterator[str]:
        """Tables, and the command to type next.

        Args:
            with_layers: Whether the layers of images are listed, too.
        """
        if with_layers or not self.images:
            yield from self._layer_lines()
        if self.images:
            yield from self._image_lines()
        yield from (f"{path}" for path in self.others)
        if self.images:
            yield ""
            yield f"Next: {bin_name()} run {self._newest().spec.address} -- airflow version"

    def _newest(self) -> BuiltImage:
        """The last image, or the one whose variant it is: `5.0.8` rather than `5.0.8-base`."""
        last = self.images[-1]
        reference = last.spec.reference
        return next(each for each in self.images if reference.startswith(each.spec.reference))

    def _layer_lines(self) -> Iterator[str]:
        rows = [
            (
                layer.descriptor.target,
                human_size(layer.descriptor.size),
                layer.descriptor.diff_id[:19],
                origin(layer, self.run_id),
                human_size(self._new_bytes((layer,))),
            )
            for layer in self.layers
        ]
        if rows:
            head = ("layer", "size", "diffID", "origin", "new in dist")
            yield from table([head, *rows], right=frozenset({1, 4}))

    def _image_lines(self) -> Iterator[str]:
        rows = []
        for image, new in zip(self.images, self._new_bytes_by_image()):
            origins = Counter(origin(layer, self.run_id) for layer in image.layers)
            counts = ", ".join(f"{count} {word}" for word, count in sorted(origins.items()))
            rows.append(
                (
                    image.spec.reference,
                    image.manifest.digest[:19],
                    human_size(image.size),
                    counts,
                    human_size(new),
                )
            )
        head = ("image", "digest", "size", "layers", "new in dist")
        yield from table([head, *rows], right=frozenset({2, 4}))
        built = sum(origin(layer, self.run_id) == BUILT for layer in self.layers)
        yield (
            f"  {len(rows)} images of {len(self.layers)} layers, {built} of them built; "
            f"{human_size(self._new_bytes(self.layers))} new in {self.dist}."
        )


def _target(layer: BuiltLayer) -> str:
    return layer.descriptor.target
