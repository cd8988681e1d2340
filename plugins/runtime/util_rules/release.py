"""Reads releases, and offers them to the wheels backend as resolves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from pants.engine.fs import DigestContents, GlobMatchErrorBehavior, PathGlobs
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel
from runtime.backports import patched_airflow
from runtime.manifest import Manifest, ManifestError, parse_manifest
from runtime.target_types import ManifestField
from wheels.resolve import WheelResolve, WheelResolveFieldSet
from wheels.util_rules.requirements import pins


@dataclass(frozen=True)
class ReleaseFieldSet(WheelResolveFieldSet):
    required_fields = (ManifestField,)

    manifest: ManifestField


@dataclass(frozen=True)
class ManifestResolveRequest:
    """Asks for the resolve of a manifest, which need not be that of a target."""

    manifest: Manifest


@rule(desc="Read the manifest of a release", level=LogLevel.DEBUG)
async def read_manifest(field_set: ReleaseFieldSet) -> Manifest:
    path = field_set.manifest.file_path
    assert path is not None
    (content,) = await Get(
        DigestContents,
        PathGlobs(
            [path],
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            description_of_origin=f"the manifest of {field_set.address}",
        ),
    )
    manifest = parse_manifest(content.path, content.content)
    folder = os.path.basename(field_set.address.spec_path)
    if manifest.release != folder:
        raise ManifestError(
            f"{content.path}: `release` is '{manifest.release}', but the folder is '{folder}'. "
            "Give both the same name."
        )
    return manifest


def held_pins(text: str, free: Iterable[str]) -> tuple[str, ...]:
    """The lines of a file with constraints, but for those of the packages that are free."""
    names = set(free)
    return tuple(pin for pin in pins(text) if pin.partition("==")[0].lower() not in names)


@rule(desc="Find the inputs of a release's lock", level=LogLevel.DEBUG)
async def manifest_resolve(request: ManifestResolveRequest) -> WheelResolve:
    manifest = request.manifest
    files = await Get(
        DigestContents,
        PathGlobs(
            [manifest.constraints] if manifest.constraints else [],
            glob_match_error_behavior=GlobMatchErrorBehavior.error,
            description_of_origin=f"`constraints` in {manifest.path}",
        ),
    )
    return WheelResolve(
        name=manifest.release,
        requirements=manifest.requirements,
        constraints=tuple(
            pin
            for file in files
            for pin in held_pins(file.content.decode(), manifest.unconstrained)
        ),
        exclude_newer=manifest.resolved.isoformat(),
        platform=manifest.platform,
        patched=patched_airflow(manifest),
    )


@rule(level=LogLevel.DEBUG)
async def release_resolve(field_set: ReleaseFieldSet) -> WheelResolve:
    manifest = await Get(Manifest, ReleaseFieldSet, field_set)
    return await Get(WheelResolve, ManifestResolveRequest(manifest))


def rules() -> Iterable[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(WheelResolveFieldSet, ReleaseFieldSet)]
