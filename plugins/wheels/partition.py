"""Divides the distributions of a lock among layers."""

from __future__ import annotations

import fnmatch
from typing import Iterable, Mapping

from locks.lock import LockError
from wheels.lock import WheelLock


def _is_pattern(text: str) -> bool:
    return any(character in text for character in "*?[")


def _matching(names: Iterable[str], pattern: str) -> set[str]:
    return set(fnmatch.filter(names, pattern))


def select(
    lock: WheelLock, distributions: Iterable[str], *, transitive: bool, exclude: Iterable[str]
) -> frozenset[str]:
    """The distributions that a layer asks for.

    Args:
        lock: What there is.
        distributions: Canonical names, or shell patterns of them.
        transitive: Whether what these need comes too.
        exclude: Patterns of what is left out. What only these need is left out with them.

    Raises:
        LockError: a name that is not a pattern is not in the lock.
    """
    names = lock.distributions.keys()
    for name in distributions:
        if not _is_pattern(name) and name not in names:
            raise LockError(
                f"`distributions` names '{name}', which the resolve '{lock.resolve}' does not "
                "have. Correct it, or add it to the requirements."
            )
    excluded = {name for pattern in exclude for name in _matching(names, pattern)}
    chosen = {name for pattern in distributions for name in _matching(names, pattern)} - excluded
    if not transitive:
        return frozenset(chosen)
    needs: dict[str, set[str]] = {name: set() for name in names}
    for name, distribution in lock.distributions.items():
        for parent in distribution.required_by:
            if parent in needs:
                needs[parent].add(name)
    queue = sorted(chosen)
    while queue:
        for name in needs[queue.pop()] - chosen - excluded:
            chosen.add(name)
            queue.append(name)
    return frozenset(chosen)


def check_partition(lock: WheelLock, layers: Mapping[str, frozenset[str]]) -> None:
    """Check that layers hold each distribution of a lock exactly once.

    Args:
        lock: What an image must hold.
        layers: Distributions by the address of the layer.

    Raises:
        LockError: names the first distribution that is in no layer, or in two, and the layers.
    """
    owners: dict[str, str] = {}
    for address, names in layers.items():
        for name in sorted(names):
            if name in owners:
                raise LockError(
                    f"{owners[name]} and {address} both hold '{name}'. Name one in the "
                    "`except_layers` of the other."
                )
            owners[name] = address
    missing = sorted(lock.distributions.keys() - owners.keys())
    if missing:
        raise LockError(
            f"No layer holds '{missing[0]}' of the resolve '{lock.resolve}': {', '.join(layers)} "
            "do not. Add it to the `distributions` of one of them."
        )
