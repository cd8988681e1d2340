"""Which packages of an image need which, from the words of packages' own metadata.

An edge stands only between packages that the image holds. Source: PEP 508 for distributions of
Python; Debian Policy, section 7.1, for Debian's packages.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterator, Mapping

from oci.contents import ImageContents, PackageContents
from oci.format.platform import OS, Platform
from packaging.markers import UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_DEBIAN_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*")
_PYTHON_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def _installed(contents: ImageContents) -> Iterator[PackageContents]:
    for layer in contents.layers:
        yield from (each for each in layer.packages.values() if not each.package.inside)


# Images have most of their packages in common.
@lru_cache(maxsize=None)
def _needed_name(text: str) -> str:
    """The canonical name in a requirement, which is much faster than reading all of it."""
    match = _PYTHON_NAME.match(text.strip())
    return canonicalize_name(match[0]) if match else ""


@lru_cache(maxsize=None)
def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        # Old metadata has some that PEP 508 does not know; they name nothing for certain.
        return None


@lru_cache(maxsize=None)
def _holds(text: str, platform: Platform, extra: str) -> bool:
    """Whether a requirement is one of an extra, or with an empty `extra`, one without extras."""
    requirement = _requirement(text)
    if requirement is None:
        return False
    if requirement.marker is None:
        return not extra
    python_version = platform.python or "3"
    # Source: PEP 508, "Environment markers".
    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{python_version}.0",
        "os_name": "posix",
        "platform_machine": platform.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{python_version}.0",
        "python_version": python_version,
        "sys_platform": OS,
    }
    try:
        return requirement.marker.evaluate({**environment, "extra": extra})
    except UndefinedComparison:
        return False


def _python_edges(
    packages: Mapping[str, PackageContents], platform: Platform
) -> Iterator[tuple[str, str]]:
    """Edges by canonical names. An extra counts where an installed package asks for it."""
    asked: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in packages]
    while waiting:
        name, extra = waiting.pop()
        for text in packages[name].package.requires:
            needed = _needed_name(text)
            if needed not in packages or not _holds(text, platform, extra):
                continue
            yield name, needed
            requirement = _requirement(text)
            for more in requirement.extras if requirement else ():
                if (needed, more) not in asked:
                    asked.add((needed, more))
                    waiting.append((needed, more))


def _debian_edges(packages: Mapping[str, PackageContents]) -> Iterator[tuple[str, str]]:
    """Edges by names: to the first alternative that is there."""
    for name, package in packages.items():
        for text in package.package.requires:
            for alternative in text.split("|"):
                match = _DEBIAN_NAME.match(alternative.strip())
                if match and match[0] in packages:
                    yield name, match[0]
                    break


def dependencies(contents: ImageContents, platform: Platform) -> dict[str, list[str]]:
    """Package URLs of what each package needs, by its own package URL, both sorted.

    What packages carry among their own files is not looked at.
    """
    kinds: dict[str, dict[str, PackageContents]] = {"deb": {}, "pypi": {}}
    found: dict[str, set[str]] = {}
    for package in _installed(contents):
        found[package.package.purl] = set()
        kinds.get(package.package.key.partition("/")[0], {})[package.name] = package
    for kind, edges in (
        ("pypi", _python_edges(kinds["pypi"], platform)),
        ("deb", _debian_edges(kinds["deb"])),
    ):
        for one, other in edges:
            if one != other:
                found[kinds[kind][one].package.purl].add(kinds[kind][other].package.purl)
    return {purl: sorted(needed) for purl, needed in sorted(found.items())}
