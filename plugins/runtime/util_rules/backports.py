"""Relates releases to the patches that they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from pants.engine.internals.graph import Owners, OwnersRequest
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, InferDependenciesRequest, InferredDependencies
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from runtime.backports import check_distinct, patches
from runtime.manifest import Manifest
from runtime.util_rules.release import ReleaseFieldSet


@dataclass(frozen=True)
class DistinctBuildsRequest:
    """Asks whether every set of patches has an Airflow version of its own."""


@dataclass(frozen=True)
class DistinctBuilds:
    """Every set of patches has an Airflow version of its own."""


class InferPatchesRequest(InferDependenciesRequest):
    infer_from = ReleaseFieldSet


@rule(desc="Compare the releases' builds of Airflow", level=LogLevel.DEBUG)
async def distinct_builds(_: DistinctBuildsRequest, all_targets: AllTargets) -> DistinctBuilds:
    check_distinct(
        await MultiGet(
            Get(Manifest, ReleaseFieldSet, ReleaseFieldSet.create(target))
            for target in all_targets
            if ReleaseFieldSet.is_applicable(target)
        )
    )
    return DistinctBuilds()


@rule(desc="Infer the patches of a release", level=LogLevel.DEBUG)
async def infer_patches(request: InferPatchesRequest) -> InferredDependencies:
    manifest = await Get(Manifest, ReleaseFieldSet, request.field_set)
    owners = await Get(Owners, OwnersRequest(patches(manifest)))
    return InferredDependencies(owners)


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(InferDependenciesRequest, InferPatchesRequest)]
