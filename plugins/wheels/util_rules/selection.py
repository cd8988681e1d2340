"""Finds which distributions of a lock each layer holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence

from locks.lock import LockError
from locks.util_rules.reading import LockRequest
from pants.engine.addresses import Address, AddressInput
from pants.engine.fs import DigestContents, GlobMatchErrorBehavior, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, InvalidFieldException
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from pants.util.logging import LogLevel
from wheels.division import DivisionError, read_division
from wheels.partition import check_partition, select
from wheels.target_types import (
    WheelBuildRootField,
    WheelConstraintsFileField,
    WheelDistributionsField,
    WheelDivisionField,
    WheelExceptLayersField,
    WheelExcludeField,
    WheelResolveField,
    WheelTransitiveField,
)
from wheels.util_rules.locks import WheelResolveLock
from wheels.util_rules.places import PythonLayerFieldSet


@dataclass(frozen=True)
class WheelLayerFieldSet(PythonLayerFieldSet):
    required_fields = (WheelDistributionsField, WheelResolveField)

    resolve: WheelResolveField
    distributions: WheelDistributionsField
    division: WheelDivisionField
    transitive: WheelTransitiveField
    exclude: WheelExcludeField
    except_layers: WheelExceptLayersField
    constraints_file: WheelConstraintsFileField
    build_root: WheelBuildRootField


@dataclass(frozen=True)
class WheelLayers:
    """All `wheel_layer` targets of the repository."""

    field_sets: tuple[WheelLayerFieldSet, ...]


@dataclass(frozen=True)
class ExceptLayersRequest:
    """Asks for the layers that the `except_layers` of a layer name."""

    field_set: WheelLayerFieldSet


@dataclass(frozen=True)
class Selection:
    """The distributions that a layer holds."""

    names: frozenset[str]


@dataclass(frozen=True)
class CheckedPartitionRequest:
    """Asks whether layers together hold each distribution of their locks exactly once.

    Layers of other kinds among the addresses are passed over.
    """

    layers: tuple[Address, ...]


@dataclass(frozen=True)
class CheckedPartition:
    """The layers together hold each distribution of their locks exactly once."""


@rule
async def wheel_layers(all_targets: AllTargets) -> WheelLayers:
    return WheelLayers(
        tuple(
            WheelLayerFieldSet.create(target)
            for target in all_targets
            if WheelLayerFieldSet.is_applicable(target)
        )
    )


@rule
async def find_except_layers(request: ExceptLayersRequest, layers: WheelLayers) -> WheelLayers:
    field_set = request.field_set
    specs = field_set.except_layers.value or ()
    addresses = await MultiGet(
        Get(
            Address,
            AddressInput,
            AddressInput.parse(
                spec,
                relative_to=field_set.address.spec_path,
                description_of_origin=f"the `except_layers` field of {field_set.address}",
            ),
        )
        for spec in specs
    )
    found = []
    for spec, address in zip(specs, addresses):
        matches = [
            layer
            for layer in layers.field_sets
            if layer.address == address
            or (
                not address.is_parametrized
                and (layer.address.spec_path, layer.address.target_name)
                == (address.spec_path, address.target_name)
                and layer.resolve.value == field_set.resolve.value
            )
        ]
        if not matches or matches[0].resolve.value != field_set.resolve.value:
            raise InvalidFieldException(
                f"{field_set.address}: `except_layers` names '{spec}', which is not a "
                f"`wheel_layer` of the resolve '{field_set.resolve.value}'. Correct or remove it."
            )
        found.append(matches[0])
    return WheelLayers(tuple(found))


async def _divided(field_set: WheelLayerFieldSet) -> Sequence[str]:
    path = field_set.division.file_path
    if path is None:
        return ()
    glob = PathGlobs(
        [path],
        glob_match_error_behavior=GlobMatchErrorBehavior.error,
        description_of_origin=f"{field_set.address}: `division`",
    )
    (file,) = await Get(DigestContents, PathGlobs, glob)
    name = field_set.address.target_name
    division = read_division(path, file.content)
    if name not in division:
        raise DivisionError(
            f"{path} has no list '{name}' for {field_set.address}: run "
            f"`{bin_name()} divide-layers {field_set.address.spec_path}::`."
        )
    return division[name]


@rule(desc="Divide the packages of a lock among layers", level=LogLevel.DEBUG)
async def select_distributions(field_set: WheelLayerFieldSet) -> Selection:
    lock, others = await MultiGet(
        Get(WheelResolveLock, LockRequest, LockRequest.of(field_set.address, field_set.resolve)),
        Get(WheelLayers, ExceptLayersRequest(field_set)),
    )
    divided = await _divided(field_set)
    held = await MultiGet(Get(Selection, WheelLayerFieldSet, other) for other in others.field_sets)
    try:
        names = select(
            lock.lock,
            [
                *(field_set.distributions.value or ()),
                *(name for name in divided if name in lock.lock.distributions),
            ],
            transitive=bool(field_set.transitive.value),
            exclude=field_set.exclude.value or (),
        )
    except LockError as error:
        raise LockError(f"{field_set.address}: {error}") from None
    return Selection(names.difference(*(other.names for other in held)))


@rule(level=LogLevel.DEBUG)
async def checked_partition(
    request: CheckedPartitionRequest, layers: WheelLayers
) -> CheckedPartition:
    ours = [each for each in layers.field_sets if each.address in request.layers]
    selections = await MultiGet(Get(Selection, WheelLayerFieldSet, each) for each in ours)
    locks = await MultiGet(
        Get(WheelResolveLock, LockRequest, LockRequest.of(each.address, each.resolve))
        for each in ours
    )
    by_path = {lock.path: lock for lock in locks}
    for path, lock in by_path.items():
        check_partition(
            lock.lock,
            {
                str(field_set.address): selection.names
                for field_set, selection, own in zip(ours, selections, locks)
                if own.path == path
            },
        )
    return CheckedPartition()


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
