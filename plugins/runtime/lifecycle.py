"""Minor series of releases: which Airflow they have, and how long they are maintained."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from typing import Iterable

from packaging.version import Version
from runtime.manifest import Manifest
from runtime.policy import Lifecycle
from runtime.release_number import ReleaseNumber


@dataclass(frozen=True)
class Series:
    """The published releases with one major and minor number."""

    line: str
    """`5.0`."""

    releases: tuple[Manifest, ...]
    """By number, the smallest first; there is at least one."""

    long_term: bool
    """Whether it has long-term support."""

    maintained_until: datetime.date
    """The last day of its maintenance, which only the latest release has."""

    @property
    def latest(self) -> Manifest:
        return self.releases[-1]

    @property
    def airflow(self) -> str:
        """The Airflow of its releases: `2.3.3`, or `2.3.0-2.3.3`."""
        versions = sorted({each.airflow for each in self.releases}, key=Version)
        return versions[0] if len(versions) == 1 else f"{versions[0]}-{versions[-1]}"


def _end_of_month(first: datetime.date, months: int) -> datetime.date:
    years, month = divmod(first.month - 1 + months, 12)
    year = first.year + years
    return datetime.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def all_series(manifests: Iterable[Manifest], lifecycle: Lifecycle) -> tuple[Series, ...]:
    """Divide releases among series, the newest first."""
    by_line: dict[str, list[Manifest]] = {}
    for manifest in sorted(
        manifests, key=lambda each: ReleaseNumber.parse(each.release), reverse=True
    ):
        by_line.setdefault(ReleaseNumber.parse(manifest.release).line, []).insert(0, manifest)
    result = []
    for line, releases in by_line.items():
        long_term = line in lifecycle.long_term_lines
        months = lifecycle.long_term_months if long_term else lifecycle.stable_months
        until = _end_of_month(releases[0].date, months)
        result.append(Series(line, tuple(releases), long_term, until))
    return tuple(result)
