"""Waivers: vulnerabilities that we have looked at and live with, for a time and for a reason.

The file is `versions/waivers.yaml`; `docs/vulnerabilities.md` describes its fields.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any, Collection, Iterator

from runtime.fields import SENTENCE, Fields, read_mapping
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


def _waiver(path: str, place: int, data: Any) -> Waiver:
    prefix = f"waivers[{place}]"
    if not isinstance(data, dict):
        raise WaiverError(
            f"{path}: `{prefix}` is {data!r}. Write the fields `advisory`, `reason` and `expires`. "
            f"See {_MANUAL}."
        )
    fields = Fields(path, WaiverError, data, f"{prefix}.")

    def names(field: str) -> tuple[str, ...]:
        if field not in data:
            fields.optional(field, (), bool, "")
            return ()
        found = fields.names(field)
        if not found:
            raise fields.fail(field, [], "Write names, or leave the field out to mean all.")
        return found

    waiver = Waiver(
        path=f"{path}: `{prefix}",
        advisory=fields.text("advisory", _ID, "CVE-2023-43804"),
        packages=names("packages"),
        releases=names("releases"),
        reason=fields.text("reason", SENTENCE, "Nothing in the image parses such files"),
        expires=fields.day("expires"),
    )
    fields.refuse_unknown()
    return waiver


def parse_waivers(path: str, content: bytes) -> tuple[Waiver, ...]:
    """Read the file.

    Raises:
        WaiverError: It is no YAML mapping, or a field is missing, unknown or wrong.
    """
    fields = Fields(path, WaiverError, read_mapping(path, WaiverError, content, _MANUAL))
    entries = fields.take(
        "waivers", lambda value: isinstance(value, list), "Write a list of waivers, or []."
    )
    fields.refuse_unknown()
    return tuple(_waiver(path, place, entry) for place, entry in enumerate(entries))


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
                yield (f"{waiver.path}.releases` names {release}, which is no release. Remove it.")
