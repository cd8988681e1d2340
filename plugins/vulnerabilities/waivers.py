"""Waivers: vulnerabilities that we have looked at and live with, for a time and for a reason.

The file is `versions/waivers.yaml`; `docs/vulnerabilities.md` describes its fields.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Collection, Iterator

from locks.fields import SENTENCE, Fields
from vulnerabilities.findings import Finding

_MANUAL = "docs/vulnerabilities.md"
_ID = re.compile(r"[A-Za-z]+-\S+")


class WaiverError(Exception):
    """Waivers cannot be used. The message names the file, the field and the fix."""


@dataclass(frozen=True)
class Waiver:
    """One vulnerability that need not be fixed now."""

    path: str
    """Of the file, with the place in it, for errors."""

    advisory: str
    """Any of its names: `CVE-2023-43804`."""

    packages: tuple[str, ...]
    """The packages that it is waived for; none means all."""

    releases: tuple[str, ...]
    """The releases that it is waived for; none means all, and images of no release."""

    reason: str

    expires: datetime.date
    """The last day on which it holds."""

    def expired(self, today: datetime.date) -> bool:
        """Whether it holds no more."""
        return self.expires < today

    def covers(self, finding: Finding, release: str) -> bool:
        """Whether a finding in an image of a release is waived."""
        return (
            self.advisory in finding.names
            and (not self.packages or finding.package.name in self.packages)
            and (not self.releases or release in self.releases)
        )


def _names(fields: Fields, field: str) -> tuple[str, ...]:
    if fields.lacks(field):
        return ()
    found = fields.names(field)
    if not found:
        raise fields.fail(field, [], "Write names, or leave the field out to mean all.")
    return found


def _waiver(fields: Fields) -> Waiver:
    return Waiver(
        path=fields.where,
        advisory=fields.text("advisory", _ID, "CVE-2023-43804"),
        packages=_names(fields, "packages"),
        releases=_names(fields, "releases"),
        reason=fields.text("reason", SENTENCE, "Nothing in the image parses such files"),
        expires=fields.day("expires"),
    )


def parse_waivers(path: str, content: bytes) -> tuple[Waiver, ...]:
    """Read the file.

    Raises:
        WaiverError: It is not a YAML mapping, or a field is missing, unknown or wrong.
    """
    fix = f"Write the fields `advisory`, `reason` and `expires`. See {_MANUAL}."
    entries = Fields.read(path, WaiverError, content, _MANUAL).whole(
        lambda fields: fields.entries("waivers", fix)
    )
    return tuple(entry.whole(_waiver) for entry in entries)


def violations(
    waivers: Collection[Waiver], releases: Collection[str], today: datetime.date
) -> Iterator[str]:
    """A sentence for each waiver that must not stay as it is.

    Args:
        releases: All that there are.
    """
    for waiver in waivers:
        if waiver.expired(today):
            yield (
                f"{waiver.path}.expires` is {waiver.expires}, so {waiver.advisory} is waived no "
                "more. Fix it, or look at it again and set a later day."
            )
        for release in waiver.releases:
            if release not in releases:
                yield (
                    f"{waiver.path}.releases` names {release}, which is not a release. Remove it."
                )
