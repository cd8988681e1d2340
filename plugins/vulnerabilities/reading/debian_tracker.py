"""Reads the JSON of Debian's security tracker: what it knows of each source package."""

from __future__ import annotations

from typing import AbstractSet, Any, Dict, FrozenSet, Iterator, List, Mapping, NamedTuple

from locks.fields import Fields
from locks.unique_keys import read_json
from oci.sandbox.errors import SandboxError
from vulnerabilities.reading.advisory import Advisory, Severity, Span, one_line

_URGENCIES = {
    "unimportant": Severity.UNIMPORTANT,
    "low": Severity.LOW,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
}
"""All others say that nobody has judged it, or that nobody will."""

_STATUSES = ("open", "resolved", "undetermined")


class Tracked(NamedTuple):
    """What a file of the tracker says."""

    advisories: List[Advisory]

    suites: FrozenSet[str]
    """All suites that it speaks of. Of another one it knows nothing, which is not the same as no
    vulnerability."""


def _spans(release: Dict[str, Any]) -> Iterator[Span]:
    if release["status"] not in _STATUSES:
        raise ValueError(f"the status {release['status']!r}")
    if release["status"] != "resolved":
        yield Span("")
    elif str(release["fixed_version"]) != "0":
        # Version 0 is said of packages that never had the fault.
        yield Span("", fixed=str(release["fixed_version"]))


def _advisory(id_: str, source: str, suite: str, entry: Dict[str, Any]) -> Advisory:
    release = entry["releases"][suite]
    return Advisory(
        id=id_,
        aliases=(),
        package=source,
        suite=suite,
        # Some judgements have stars, for those that an archive's users made of them.
        severity=_URGENCIES.get(str(release.get("urgency")).rstrip("*"), Severity.UNKNOWN),
        summary=one_line(str(entry.get("description") or "")),
        spans=tuple(_spans(release)),
        undetermined=release["status"] == "undetermined",
        note=one_line(str(release.get("nodsa") or "")),
    )


def read(where: str, content: bytes, packages: Mapping[str, AbstractSet[str]]) -> Tracked:
    """What the tracker knows of some source packages.

    Args:
        where: The file, for errors.
        content: JSON.
        packages: Suites by source package.

    Raises:
        SandboxError: it holds something else.
    """
    data = Fields.read(where, SandboxError, content, load=read_json, fix="Get it again.").data
    try:
        return Tracked(
            [
                _advisory(id_, source, suite, entry)
                for source in sorted(packages)
                for id_, entry in sorted(data.get(source, {}).items())
                for suite in sorted(packages[source] & set(entry["releases"]))
            ],
            frozenset(
                suite
                for entries in data.values()
                for entry in entries.values()
                for suite in entry["releases"]
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SandboxError(
            f"{where}: this is not the JSON of Debian's security tracker ({type(error).__name__}: "
            f"{one_line(str(error))}). Name the file with its data."
        ) from None
