"""Makes a lock of what the solver says."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from locks.lock import LockError
from oci.format.platform import Platform
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from pants.util.frozendict import FrozenDict
from wheels.lock import LockedDistribution, LockInputs, WheelLock
from wheels.resolve import WheelResolve


def _platform_tags(platform: Platform) -> list[str]:
    """Platform tags, the most specific first. Source: PEP 600."""
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    tags = []
    for version in range(platform.glibc_minor, 4, -1):
        tags.append(f"manylinux_2_{version}_{platform.machine}")
        if version in legacy:
            tags.append(f"{legacy[version]}_{platform.machine}")
    return [*tags, f"linux_{platform.machine}"]


def supported_tags(platform: Platform) -> dict[Tag, int]:
    """The tags of wheels that an image can use, with their rank: 0 is preferred."""
    version = [int(part) for part in platform.python.split(".")]
    platforms = _platform_tags(platform)
    interpreter = "cp" + "".join(str(part) for part in version)
    tags = [
        *cpython_tags(version, platforms=platforms),
        *compatible_tags(version, interpreter, platforms),
    ]
    return {tag: rank for rank, tag in enumerate(tags)}


def _rank(file: str, tags: Mapping[Tag, int]) -> int | None:
    try:
        _, _, _, file_tags = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return None
    return min((tags[tag] for tag in file_tags if tag in tags), default=None)


def choose_file(
    files: Iterable[Mapping[str, Any]], tags: Mapping[Tag, int]
) -> Mapping[str, Any] | None:
    """The wheel that fits best, else the source distribution, else None.

    Args:
        files: As `wheels.sandbox.solve` writes them.
        tags: See `supported_tags`.
    """
    ranked = []
    source = None
    for file in files:
        if file["kind"] == "sdist":
            source = file
            continue
        rank = _rank(file["file"], tags)
        if rank is not None:
            ranked.append((rank, file["file"], file))
    return min(ranked, key=lambda each: each[:2])[2] if ranked else source


def make_lock(resolve: WheelResolve, solution: Sequence[Mapping[str, Any]]) -> WheelLock:
    """The lock of a resolve.

    Args:
        solution: As `wheels.sandbox.solve` writes it.

    Raises:
        LockError: a distribution has no file for the platform.
    """
    tags = supported_tags(resolve.platform)
    distributions = {}
    for each in sorted(solution, key=lambda each: each["name"]):
        file = choose_file(each["files"], tags)
        if file is None:
            raise LockError(
                f"The resolve '{resolve.name}' needs {each['name']} {each['version']}, which has "
                f"no file for {resolve.uv_platform}. Constrain it to another version."
            )
        distributions[each["name"]] = LockedDistribution(
            name=each["name"],
            version=each["version"],
            file=file["file"],
            size=file["size"],
            sha256=file["sha256"],
            required_by=tuple(sorted(each["required_by"])),
        )
    return WheelLock(resolve.name, LockInputs.of(resolve), FrozenDict(distributions))
