"""Writes release notes and tables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Iterable

from debian.kind import DebianLocks
from debian.lock import DebianLock
from debian.util_rules.locks import DebianResolveLock
from debian.util_rules.uploads import Uploads, UploadsRequest
from locks.util_rules.reading import LockRequest
from oci.image import ImageSpec
from oci.util_rules.kinds import ImageRequest
from pants.engine.addresses import Address
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import AllTargets, Target
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel
from runtime.catalogue import Catalogue, Release
from runtime.debian_notes import DebianFacts
from runtime.documents import documents
from runtime.manifest import Manifest
from runtime.published import DebianState
from runtime.target_types import ImageReleaseField, OnbuildField


class NoImage(Exception):
    """A release has no image. The message says where to add one."""


@dataclass(frozen=True)
class AllDebianFacts:
    """What is known of Debian's packages, by suite."""

    by_suite: FrozenDict[str, DebianFacts]


@dataclass(frozen=True)
class DebianFactsRequest:
    """Asks for the Debian packages that an image is built with now."""

    image: Address
    lock: LockRequest
    since: str


@dataclass(frozen=True)
class DocumentsRequest:
    """Asks for the documents of a catalogue."""

    catalogue: Catalogue


@dataclass(frozen=True)
class Documents:
    """The content of each, by file name."""

    contents: FrozenDict[str, bytes]


def image_of(release: Release, targets: Iterable[Target]) -> Address:
    """The image of a release that has ONBUILD steps.

    Raises:
        NoImage: there is none.
    """
    folder = os.path.dirname(release.manifest.path)
    for target in targets:
        if target.has_field(ImageReleaseField) and target.address.spec_path == folder:
            if target[OnbuildField].value:
                return target.address
    raise NoImage(
        f"{folder}/BUILD: it has no `runtime_image` with `onbuild=True`. Add one: "
        f'`runtime_image(name="runtime", onbuild=True)`.'
    )


def debian_state(lock: DebianLock, layers: Iterable[Address]) -> DebianState:
    """The Debian packages of layers, as a lock pins them."""
    names = {
        name
        for layer in layers
        if str(layer) in lock.targets
        for name in lock.targets[str(layer)].packages
    }
    return DebianState(
        date=lock.date.date().isoformat(),
        packages=FrozenDict((name, lock.packages[name].version) for name in sorted(names)),
    )


def debian_lock_request(manifest: Manifest) -> LockRequest:
    """Asks for the lock of the Debian packages of a release."""
    return LockRequest(DebianLocks(), manifest.suite, f"{manifest.path}: `suite`")


@rule(level=LogLevel.DEBUG)
async def find_debian_facts(request: DebianFactsRequest) -> DebianFacts:
    spec, locked = await MultiGet(
        Get(ImageSpec, ImageRequest(request.image)),
        Get(DebianResolveLock, LockRequest, request.lock),
    )
    now = debian_state(locked.lock, spec.layers)
    uploads = await Get(Uploads, UploadsRequest(request.lock, tuple(now.packages), request.since))
    return DebianFacts(request.lock.resolve, now, request.since, uploads.uploads)


@rule(level=LogLevel.DEBUG)
async def find_all_debian_facts(all_targets: AllTargets, catalogue: Catalogue) -> AllDebianFacts:
    first: dict[str, Release] = {}
    newest: dict[str, Release] = {}
    for release in catalogue.releases:
        first.setdefault(release.manifest.suite, release)
        newest[release.manifest.suite] = release
    facts = await MultiGet(
        Get(
            DebianFacts,
            DebianFactsRequest(
                image=image_of(release, all_targets),
                lock=debian_lock_request(release.manifest),
                since=first[suite].manifest.date.isoformat(),
            ),
        )
        for suite, release in newest.items()
    )
    return AllDebianFacts(FrozenDict((each.suite, each) for each in facts))


@rule(desc="Write release notes and tables", level=LogLevel.DEBUG)
async def write_documents(request: DocumentsRequest, facts: AllDebianFacts) -> Documents:
    return Documents(documents(request.catalogue, facts.by_suite))


def rules() -> Iterable[Rule | UnionRule]:
    return collect_rules()
