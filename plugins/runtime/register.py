"""Releases of Astro Runtime: add `runtime` to `[GLOBAL].backend_packages`."""

from __future__ import annotations

from typing import Iterable

from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule
from runtime.goals import check, new_release, release_changes, release_notes, run, seal_release
from runtime.target_types import LocalRuntimeTarget, RuntimeImageTarget, RuntimeReleaseTarget
from runtime.util_rules import backports, catalogue, documents, release, runtime_image


def target_types() -> Iterable[type[Target]]:
    return [LocalRuntimeTarget, RuntimeImageTarget, RuntimeReleaseTarget]


def rules() -> Iterable[Rule | UnionRule]:
    return [
        *backports.rules(),
        *catalogue.rules(),
        *check.rules(),
        *documents.rules(),
        *new_release.rules(),
        *release.rules(),
        *release_changes.rules(),
        *release_notes.rules(),
        *run.rules(),
        *runtime_image.rules(),
        *seal_release.rules(),
    ]
