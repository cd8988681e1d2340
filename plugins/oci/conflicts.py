"""Layers that claim the same path.

Layers do not know each other, so nothing but this check keeps one from hiding another's file.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from oci.sandbox.mtree import PathInfo
from pants.engine.addresses import Address


def conflicts(
    layers: Iterable[tuple[Address, Address | None, Mapping[str, PathInfo]]],
) -> list[tuple[str, Address, Address]]:
    """Paths that two layers hold with different content, owner or mode.

    A layer may change what the layer that it is the difference on top of holds.

    Args:
        layers: For each layer, from the bottom to the top: its address, the address of its base,
            and its paths.

    Returns:
        The path, the lower layer and the upper layer of each conflict, by path.
    """
    owners: dict[str, tuple[Address, PathInfo]] = {}
    bases: dict[Address, Address | None] = {}
    result = []
    for address, base, paths in layers:
        bases[address] = base
        lineage = set()
        while base is not None:
            lineage.add(base)
            base = bases.get(base)
        for path, info in paths.items():
            owner = owners.get(path)
            if owner and owner[0] not in lineage and not owner[1].same_as(info):
                result.append((path, owner[0], address))
            owners[path] = (address, info)
    return sorted(result, key=lambda conflict: conflict[0])
