"""Bytes that images take: what a registry stores of them, and what a client pulls for another one.

A registry holds each blob once, and a client that has an image pulls the blobs of another that it
lacks. Both know a blob by its digest, and so do all numbers of bytes: two layers of equal content
in blobs of two codecs are stored twice and pulled both. Counted are layers; an image's manifest and
configuration are a few kilobytes beside them. `docs/inside.md` has the definitions for users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Collection, Iterable, Mapping, Protocol, Sequence, TypeVar

from oci.layer import LayerDescriptor
from oci.natural_order import natural_order


class Blob(Protocol):
    """A layer as a registry holds it."""

    @property
    def digest(self) -> str:
        """sha256 of the blob as stored."""

    @property
    def size(self) -> int:
        """Bytes of the blob as stored."""


_Blob = TypeVar("_Blob", bound=Blob)


def stored_size(blobs: Iterable[Blob]) -> int:
    """Bytes of blobs, of one image or of many, each distinct one once."""
    return sum({blob.digest: blob.size for blob in blobs}.values())


def blobs_to_pull(before: Iterable[Blob], after: Iterable[_Blob]) -> tuple[_Blob, ...]:
    """The blobs of one image that another one does not have, from the bottom to the top."""
    present = {blob.digest for blob in before}
    return tuple({blob.digest: blob for blob in after if blob.digest not in present}.values())


@dataclass(frozen=True)
class Together:
    """What a set of images takes together. Experiments are not part of it."""

    images: int
    """How many there are."""

    stored: int
    """Bytes of all their blobs, each distinct one once."""

    largest: int
    """Bytes of the largest image."""

    @property
    def ratio(self) -> float:
        """What is stored, in largest images: 1.0 when all the others add nothing."""
        return self.stored / self.largest if self.largest else 0.0


def together(images: Iterable[Sequence[Blob]]) -> Together:
    """Add images up.

    Args:
        images: The layers of each. Experiments are left out by the caller.
    """
    found = tuple(images)
    return Together(
        images=len(found),
        stored=stored_size(layer for image in found for layer in image),
        largest=max(map(stored_size, found), default=0),
    )


@dataclass(frozen=True)
class Upgrade:
    """A step from one image to its neighbour."""

    before: str
    after: str
    """References."""

    new: tuple[LayerDescriptor, ...]
    """The layers to pull."""

    @property
    def size(self) -> int:
        """Bytes to pull."""
        return stored_size(self.new)


@dataclass(frozen=True)
class SharingReport:
    """What a set of images costs."""

    sizes: Mapping[str, int]
    """Bytes of each image by its reference, experiments too; numbers count as numbers."""

    experiments: tuple[str, ...]
    """References of those that are not part of what they take together."""

    together: Together

    upgrades: tuple[Upgrade, ...]
    """Between neighbours of one variant: `5.0.6` and `5.0.7`, `5.0.6-base` and `5.0.7-base`."""

    def to_json(self) -> dict[str, Any]:
        return {
            "images": self.sizes,
            "experiments": self.experiments,
            "stored": self.together.stored,
            "largest": self.together.largest,
            "ratio": self.together.ratio,
            "upgrades": [
                {
                    "from": upgrade.before,
                    "to": upgrade.after,
                    "bytes": upgrade.size,
                    "layers": {layer.target: layer.size for layer in upgrade.new},
                }
                for upgrade in self.upgrades
            ],
        }


def _variant(reference: str) -> tuple[str, str]:
    """What an image has in common with its neighbours: repository, and tag without numbers."""
    repository, _, tag = reference.rpartition(":")
    return repository, re.sub(r"\d+", "", tag)


def share(
    images: Mapping[str, Sequence[LayerDescriptor]], experiments: Collection[str] = ()
) -> SharingReport:
    """Compare images with each other.

    Args:
        images: The layers of each by its reference.
        experiments: References of those that are not part of what images take together.
    """
    ordered = sorted(images, key=natural_order)
    variants: dict[tuple[str, str], list[str]] = {}
    for reference in ordered:
        variants.setdefault(_variant(reference), []).append(reference)
    return SharingReport(
        {reference: stored_size(images[reference]) for reference in ordered},
        tuple(reference for reference in ordered if reference in experiments),
        together(images[reference] for reference in ordered if reference not in experiments),
        tuple(
            Upgrade(before, after, blobs_to_pull(images[before], images[after]))
            for neighbours in variants.values()
            for before, after in zip(neighbours, neighbours[1:])
        ),
    )
