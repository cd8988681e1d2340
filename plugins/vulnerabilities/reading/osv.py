"""Reads advisories about Python packages in the format of the PyPA advisory database.

Source: the Open Source Vulnerability format 1.6.
"""

from __future__ import annotations

import re
from typing import AbstractSet, Any, Dict, Iterator, List, Tuple

import yaml
from locks.unique_keys import DuplicateKey, read_json, read_yaml
from oci.sandbox.errors import SandboxError
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from vulnerabilities.reading.advisory import Advisory, Severity, Span, one_line
from vulnerabilities.reading.cvss_rating import rating

_NAMES = re.compile(rb"""\bname["']?\s*:\s*["']?([A-Za-z0-9][A-Za-z0-9._-]*)""")

_RATINGS = {
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}


def mentions(content: bytes, names: AbstractSet[str]) -> bool:
    """Whether a file names one of these distributions. It is much faster than reading YAML."""
    return any(canonicalize_name(each.decode()) in names for each in _NAMES.findall(content))


def _in_order(events: List[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Events by their versions, which files need not do."""
    kinds = ("fixed", "introduced", "last_affected")
    try:
        return sorted(events, key=lambda event: (Version(event[1]), kinds.index(event[0])))
    except InvalidVersion:
        return events


def _spans(events: List[Dict[str, str]]) -> Iterator[Span]:
    """The spans of a range. Source: the OSV format, "Evaluation"."""
    found = []
    for event in events:
        ((kind, version),) = event.items()
        if kind not in ("fixed", "introduced", "last_affected", "limit"):
            raise ValueError(f"the event {event!r}")
        if kind != "limit":
            found.append((kind, str(version)))
    start = None
    for kind, version in _in_order(found):
        if kind == "introduced":
            start = version if start is None else start
        elif start is not None:
            yield Span("" if start == "0" else start, **{kind: version})
            start = None
    if start is not None:
        yield Span("" if start == "0" else start)


def _word(said: Any) -> Severity:
    return _RATINGS.get(str(said).strip().upper(), Severity.UNKNOWN)


def _severity(data: Dict[str, Any], affected: Dict[str, Any]) -> Severity:
    """The worst that an advisory says, in vectors or in words."""
    scores = [*(data.get("severity") or ()), *(affected.get("severity") or ())]
    # Some databases score in words.
    found = [max(rating(str(s["score"])), _word(s["score"]), key=_rank) for s in scores]
    for place in (data, affected):
        for part in ("database_specific", "ecosystem_specific"):
            found.append(_word((place.get(part) or {}).get("severity")))
    return max(found, key=_rank)


def _rank(severity: Severity) -> int:
    return severity.rank


def _texts(value: Any) -> Tuple[str, ...]:
    texts = tuple(value or ())
    if isinstance(value, str) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{value!r} is not a list of texts")
    return texts


def _advisories(data: Dict[str, Any], names: AbstractSet[str]) -> Iterator[Advisory]:
    for affected in data["affected"]:
        package = affected.get("package") or {}
        if package.get("ecosystem") != "PyPI":
            continue
        name = canonicalize_name(str(package["name"]))
        if name not in names:
            continue
        yield Advisory(
            id=str(data["id"]),
            aliases=_texts(data.get("aliases")),
            package=name,
            suite="",
            severity=_severity(data, affected),
            summary=one_line(data.get("summary") or data.get("details")),
            spans=tuple(
                span
                for each in affected.get("ranges") or ()
                if each["type"] == "ECOSYSTEM"
                for span in _spans(each["events"])
            ),
            versions=_texts(affected.get("versions")),
        )


def read(where: str, content: bytes, names: AbstractSet[str]) -> List[Advisory]:
    """The advisories of a file on some distributions.

    Args:
        where: The file, for errors.
        content: JSON or YAML.
        names: Canonical names.

    Raises:
        SandboxError: it holds something else.
    """
    try:
        if content.lstrip()[:1] == b"{":
            data = read_json(content)
        else:
            data = read_yaml(content)
    except DuplicateKey as error:
        raise SandboxError(f"{where}: {error}. Get it again, or correct it.") from None
    except (ValueError, yaml.YAMLError, RecursionError, OverflowError):
        raise SandboxError(f"{where}: this is neither JSON nor YAML. Get it again.") from None
    if not isinstance(data, dict) or "id" not in data:
        # A repository of advisories has other files, too.
        return []
    if data.get("withdrawn") or "affected" not in data:
        return []
    try:
        return list(_advisories(data, names))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SandboxError(
            f"{where}: this is not an advisory in the OSV format ({type(error).__name__}: "
            f"{one_line(str(error))}). Get it again, or correct it."
        ) from None
