"""Reads all releases of the repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from locks.lock import generate_command
from pants.engine.fs import DigestContents, PathGlobs
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from runtime.catalogue import Catalogue, Release
from runtime.manifest import Manifest, read_manifest
from runtime.policy import Policy, PolicyError, parse_policy
from runtime.published import Published, lock_hash, manifest_hash
from runtime.subsystem import RuntimeSubsystem
from runtime.util_rules.release import ReleaseFieldSet
from wheels.lock import WheelLock
from wheels.subsystem import WheelsSubsystem

HIGHLIGHTS = "notes.md"
"""Name of the file beside a manifest with what a person writes of the release."""


@dataclass(frozen=True)
class ReleaseRequest:
    """Asks for what is known of a release."""

    field_set: ReleaseFieldSet


def make_release(
    manifest: Manifest, content: bytes, lock_path: str, lock: bytes | None, highlights: str
) -> Release:
    """A release of its files."""
    parsed: WheelLock | None = None
    packages: FrozenDict[str, str] = FrozenDict()
    if lock is not None:
        parsed = WheelLock.from_json(lock_path, lock, generate_command(manifest.release))
        packages = FrozenDict((name, each.version) for name, each in parsed.distributions.items())
    return Release(
        manifest=manifest,
        manifest_hash=manifest_hash(read_manifest(manifest.path, content)),
        lock_path=lock_path,
        lock_hash=lock_hash(parsed) if parsed else None,
        packages=packages,
        highlights=highlights,
    )


@rule(level=LogLevel.DEBUG)
async def read_release(request: ReleaseRequest, locks: WheelsSubsystem) -> Release:
    manifest = await Get(Manifest, ReleaseFieldSet, request.field_set)
    lock_path = locks.lockfile(manifest.release)
    notes_path = os.path.join(os.path.dirname(manifest.path), HIGHLIGHTS)
    files = await Get(DigestContents, PathGlobs([manifest.path, lock_path, notes_path]))
    contents = {file.path: file.content for file in files}
    return make_release(
        manifest,
        contents[manifest.path],
        lock_path,
        contents.get(lock_path),
        contents.get(notes_path, b"").decode(errors="replace"),
    )


@rule(level=LogLevel.DEBUG)
async def read_policy(options: RuntimeSubsystem) -> Policy:
    contents = await Get(DigestContents, PathGlobs([options.policy]))
    if not contents:
        raise PolicyError(
            f"{options.policy}: there is no version policy. Restore it, or set `[runtime].policy`."
        )
    return parse_policy(options.policy, contents[0].content)


@rule(desc="Read all releases", level=LogLevel.DEBUG)
async def read_catalogue(
    all_targets: AllTargets, policy: Policy, options: RuntimeSubsystem
) -> Catalogue:
    published = await Get(DigestContents, PathGlobs([options.published]))
    releases = await MultiGet(
        Get(Release, ReleaseRequest(ReleaseFieldSet.create(target)))
        for target in all_targets
        if ReleaseFieldSet.is_applicable(target)
    )
    return Catalogue(
        releases=tuple(
            sorted(
                (release for release in releases if not release.manifest.experimental),
                key=lambda release: release.number,
            )
        ),
        policy=policy,
        published_path=options.published,
        published=(
            Published.from_json(options.published, published[0].content)
            if published
            else Published(FrozenDict())
        ),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
