"""Layers that claim the same path.

Layers do not know each other, so nothing but this check keeps one from hiding another's file. Pairs
of layers are compared, so that a comparison serves all images that hold both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from oci.format.mtree import PathInfo
from oci.sandbox.bytecode import is_bytecode
from pants.engine.addresses import Address


@dataclass(frozen=True)
class StackedLayer:
    """A layer of an image, as far as conflicts go."""

    address: Address

    base: Address | None
    """The layer that it is the difference on top of."""

    paths: Mapping[str, PathInfo]


def differing_paths(
    paths: Mapping[str, PathInfo], others: Mapping[str, PathInfo]
) -> tuple[str, ...]:
    """Paths that both hold, with different content, owner or mode.

    Bytecode is left out: it follows from a source, which is compared, and from the source's time
    stamp, which is not.
    """
    fewer, more = sorted((paths, others), key=len)
    found = (path for path in fewer if path in more and not fewer[path].same_as(more[path]))
    return tuple(sorted(path for path in found if not is_bytecode(path)))


def pairs_to_compare(layers: Sequence[StackedLayer]) -> tuple[tuple[int, int], ...]:
    """Places, from the bottom, of a lower and an upper layer that may not differ in a path.

    A layer may change what the layers hold that it is the difference on top of.
    """
    bases = {layer.address: layer.base for layer in layers}
    pairs = []
    for upper, layer in enumerate(layers):
        lineage = set()
        base = layer.base
        while base is not None:
            lineage.add(base)
            base = bases.get(base)
        pairs += [(lower, upper) for lower in range(upper) if layers[lower].address not in lineage]
    return tuple(pairs)


def conflicts(
    layers: Sequence[StackedLayer], differing: Mapping[tuple[int, int], Sequence[str]]
) -> list[tuple[str, Address, Address]]:
    """Paths that an upper layer would hide.

    Args:
        layers: From the bottom to the top.
        differing: The `differing_paths` of the `pairs_to_compare`.

    Returns:
        The path, the lower layer and the upper layer of each conflict, by path.
    """
    found = [
        (path, layers[lower].address, layers[upper].address)
        for (lower, upper), paths in differing.items()
        for path in paths
        # What a layer between them has changed already is not the lower one's any more.
        if not any(path in layer.paths for layer in layers[lower + 1 : upper])
    ]
    return sorted(found, key=lambda conflict: conflict[0])
