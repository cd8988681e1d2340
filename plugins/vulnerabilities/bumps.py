"""What another version of one package in a lock would fix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable

from packaging.version import InvalidVersion
from vulnerabilities.findings import Advisories, Finding, finding, ordered
from vulnerabilities.installed import Installed


@dataclass(frozen=True)
class Bump:
    """A step from one version to another one, in all the locks where it helps alike."""

    package: Installed

    version: str
    """The version to go to."""

    fixes: tuple[str, ...]
    """The vulnerabilities that are gone then, sorted."""

    locks: tuple[str, ...]
    images: tuple[str, ...]
    """References of the images that are built from them."""


def _target(package: Installed, fixed: Iterable[str], advisories: Advisories) -> str:
    """The smallest version that fixes everything, also what only newer versions have.

    One that an advisory without a fix is about is as good as it gets.
    """
    version = ordered(package.ecosystem)
    target = max(fixed, key=version)
    while True:
        new = replace(package, version=target)
        later = [target]
        for advisory in advisories.of(package):
            try:
                found = finding(new, advisory)
            except InvalidVersion:
                continue
            if found and found.fixed and found.counts:
                later.append(found.fixed)
        best = max(later, key=version)
        if not version(target) < version(best):
            return target
        target = best


@dataclass(frozen=True)
class LockFindings:
    """The findings of one lock in one image that nothing waives."""

    lock: str
    image: str
    findings: tuple[Finding, ...]


def bumps(found: Iterable[LockFindings], advisories: Advisories) -> tuple[Bump, ...]:
    """The steps that help, those that fix most first."""
    by_lock: dict[tuple[str, Installed], tuple[set[str], dict[str, str]]] = {}
    for each in found:
        for one in each.findings:
            # Another version of what is only carried along takes one of what carries it.
            if not one.fixed or not one.counts or one.package.inside or not each.lock:
                continue
            package = replace(one.package, binaries=())
            images, fixes = by_lock.setdefault((each.lock, package), (set(), {}))
            images.add(each.image)
            fixes[one.id] = one.fixed
    steps: dict[tuple[Installed, str, tuple[str, ...]], tuple[set[str], set[str]]] = {}
    for (lock, package), (images, fixes) in by_lock.items():
        target = _target(package, fixes.values(), advisories)
        key = (package, target, tuple(sorted(fixes)))
        locks, all_images = steps.setdefault(key, (set(), set()))
        locks.add(lock)
        all_images |= images
    result = (
        Bump(package, target, fixes, tuple(sorted(locks)), tuple(sorted(images)))
        for (package, target, fixes), (locks, images) in steps.items()
    )
    return tuple(
        sorted(
            result,
            key=lambda bump: (-len(bump.fixes) * len(bump.images), bump.package.name, bump.locks),
        )
    )
