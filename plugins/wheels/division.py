"""Divides libraries among layers by the releases in which they change.

A blob is shared whole or not at all, so what changes together belongs together. Each layer is named
after one library that it holds; every other one joins the layer, or none, where it adds the fewest
bytes to what all releases store.
"""

from __future__ import annotations

import json
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from locks.fields import Fields
from locks.unique_keys import read_json
from wheels.lock import WheelLock

Division = Mapping[str, Sequence[str]]
"""Canonical names of distributions, by the name of the layer that holds them."""

_OTHERS = ""
"""Where what no layer names goes."""

_PASSES = 10


class DivisionError(Exception):
    """A file or a name that makes no division. The message says what to do."""


def read_division(path: str, content: bytes) -> Division:
    """Read a file that `write_division` wrote.

    Args:
        path: For messages.
        content: What is in it.

    Raises:
        DivisionError: it is not a JSON object of lists of names, or names one twice.
    """
    fields = Fields.read(path, DivisionError, content, "layers/libraries/README.md", read_json)
    fix = "Write a list of names, for example ['b']."
    data = {layer: fields.texts(layer, fix=fix) for layer in fields.data}
    seen: Dict[str, str] = {}
    for layer, names in data.items():
        for name in names:
            if name in seen:
                raise DivisionError(
                    f"{path} names '{name}' for '{seen[name]}' and for '{layer}': take one out."
                )
            seen[name] = layer
    return data


def write_division(division: Division) -> bytes:
    """The form that is committed."""
    data = {layer: sorted(names) for layer, names in division.items()}
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


class _History:
    """Versions and sizes of distributions through the releases, None and 0 where one has it not."""

    def __init__(self, locks: Sequence[WheelLock]) -> None:
        names = {name for lock in locks for name in lock.distributions}
        found = {name: [lock.distributions.get(name) for lock in locks] for name in names}
        self.versions = {
            name: tuple(each.version if each else None for each in row)
            for name, row in found.items()
        }
        self.sizes = {
            name: tuple(each.size if each else 0 for each in row) for name, row in found.items()
        }

    def stored(self, names: Iterable[str]) -> int:
        """Bytes of the files of all distinct layers that hold these, one a release."""
        rows = [(self.versions[name], self.sizes[name]) for name in sorted(names)]
        distinct = {}
        for release in range(len(rows[0][0]) if rows else 0):
            layer = tuple(versions[release] for versions, _ in rows)
            distinct[layer] = sum(sizes[release] for _, sizes in rows)
        return sum(distinct.values())

    def alike(self, names: Iterable[str]) -> List[List[str]]:
        """Groups of those that change in the same releases, the heaviest first."""
        groups: Dict[Tuple[int, ...], List[str]] = {}
        for name in sorted(names):
            row = self.versions[name]
            groups.setdefault(tuple(row.index(version) for version in row), []).append(name)
        return sorted(groups.values(), key=lambda group: (-self.stored(group), group))


def divide(locks: Sequence[WheelLock], layers: Sequence[str], elsewhere: Iterable[str]) -> Division:
    """Divide the distributions of some locks.

    Args:
        locks: Those of all releases, oldest first.
        layers: Names of distributions, each of which gets a layer of its name.
        elsewhere: Distributions that other layers hold.

    Raises:
        DivisionError: a layer has the name of no distribution that is to be divided, or of one that
            changes in the same releases as another layer's.
    """
    history = _History(locks)
    names = history.versions.keys() - set(elsewhere)
    for layer in layers:
        if layer not in names:
            raise DivisionError(
                f"No lock has a library '{layer}', after which a layer is named: name it after one."
            )
    held: Dict[str, List[str]] = {layer: [] for layer in [*layers, _OTHERS]}
    groups = []
    for group in history.alike(names):
        owners = [layer for layer in layers if layer in group]
        if len(owners) > 1:
            raise DivisionError(
                f"'{owners[0]}' and '{owners[1]}' change in the same releases: one layer is enough."
            )
        if owners:
            held[owners[0]] += group
        else:
            groups.append(group)
    place: Dict[int, str] = {}
    for _ in range(_PASSES):
        moved = False
        for index, group in enumerate(groups):
            if index in place:
                held[place[index]] = [n for n in held[place[index]] if n not in group]
            costs = {
                layer: history.stored([*there, *group]) - history.stored(there)
                for layer, there in held.items()
            }
            best = min(costs, key=lambda layer: (costs[layer], layer))
            moved = moved or place.get(index) != best
            place[index] = best
            held[best] += group
        if not moved:
            break
    del held[_OTHERS]
    return held
