"""The files of a release, made from those of the release before.

Manifests are edited as text: their comments say why a version is what it is.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from typing import Mapping

from packaging.version import Version
from pants.util.frozendict import FrozenDict
from runtime.changes import PROVIDER_PREFIX
from runtime.manifest import Manifest
from runtime.release_number import ReleaseNumber

_BACKPORT = re.compile(r"  - pull_request: (?P<number>\d+)")
_ENTRY = re.compile(r"  (?P<name>[^\s#:-][^:]*): (?P<version>\S+)")


@dataclass(frozen=True)
class NextRelease:
    """What a new release has otherwise than the one before."""

    number: ReleaseNumber
    date: datetime.date

    resolved: datetime.date
    """See `Manifest`."""

    airflow: str

    constraints: str | None
    """See `Manifest`."""

    providers: FrozenDict[str, str]
    """New versions; an empty one removes the provider."""

    packages: FrozenDict[str, str]
    """The same of packages."""


@dataclass(frozen=True)
class ReleaseDay:
    """The day of a new release, and why it is this one."""

    date: datetime.date

    why: str
    """For a sentence: `the day after 5.0.8`."""

    @property
    def resolved(self) -> datetime.date:
        """The day at whose end the package index is looked at.

        A day later: packages come out in the course of a day, in any time zone.
        """
        return self.date + datetime.timedelta(days=1)


TODAY = "today"
"""Stands for the day on which the command runs."""


def release_day(option: str | None, before: Manifest, today: datetime.date) -> ReleaseDay:
    """The day of the release after another one.

    Without an option, it is the day after that release, and none in the future: what the index
    has got since then, maybe for years, would move packages that nobody asked to move.

    Args:
        option: A day such as `2022-08-23`, `today`, or None.

    Raises:
        ValueError: the option is something else.
    """
    if option == TODAY:
        return ReleaseDay(today, "today")
    if option:
        return ReleaseDay(datetime.date.fromisoformat(option), "as `--date` says")
    following = before.date + datetime.timedelta(days=1)
    if following > today >= before.date:
        return ReleaseDay(today, f"the day of {before.release}, which is today")
    return ReleaseDay(following, f"the day after {before.release}")


def set_field(text: str, field: str, value: str) -> str:
    """Give a field of a manifest another value, which stands in the same line."""
    return re.sub(rf"^{field}:.*$", f"{field}: {value}", text, flags=re.MULTILINE)


def _block(lines: list[str], field: str) -> tuple[int, int]:
    """Where the lines below a field begin and end."""
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{field}:")) + 1
    end = start
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return start, end


def _bare(name: str) -> str:
    return name.partition("[")[0]


def set_versions(text: str, field: str, versions: Mapping[str, str]) -> str:
    """Set, add or (with an empty version) remove entries of a mapping in a manifest."""
    lines = text.splitlines()
    for name, version in versions.items():
        start, end = _block(lines, field)
        entries = {
            number: match["name"]
            for number in range(start, end)
            for match in [_ENTRY.fullmatch(lines[number])]
            if match
        }
        same = [number for number, other in entries.items() if _bare(other) == _bare(name)]
        if not version:
            for number in same:
                del lines[number]
        elif same:
            lines[same[0]] = f"  {entries[same[0]]}: {version}"
        else:
            after = [number for number, other in entries.items() if other > name]
            lines.insert(min(after, default=end), f"  {name}: {version}")
    return "\n".join(lines) + "\n"


def _without_constraints(text: str, previous: str) -> str:
    """Empty `unconstrained`, which means nothing now, and say where pins come from."""
    lines = set_field(text, "unconstrained", "[]").splitlines()
    start, end = _block(lines, "unconstrained")
    del lines[start:end]
    constraints = next(n for n, line in enumerate(lines) if line.startswith("constraints:"))
    lines.insert(
        constraints,
        f"# Airflow's own are not at hand: the lock starts from the pins of {previous}.",
    )
    return "\n".join(lines) + "\n"


def _free(text: str, names: list[str]) -> str:
    """Add packages to `unconstrained`."""
    lines = text.splitlines()
    start, end = _block(lines, "unconstrained")
    lines[start - 1] = "unconstrained:"
    lines[end:end] = ["  # The release has another version.", *(f"  - {name}" for name in names)]
    return "\n".join(lines) + "\n"


def set_backports(text: str, kept: Mapping[int, bool]) -> str:
    """Leave out the backports that another Airflow has already.

    Args:
        kept: Pull requests of those that stay, and whether each is carried.
    """
    lines = text.splitlines()
    start, end = _block(lines, "backports")
    rest, keep = [], True
    for line in lines[start:end]:
        entry = _BACKPORT.fullmatch(line)
        keep = int(entry["number"]) in kept if entry else keep
        if keep:
            rest.append(line)
    if kept:
        lines[start:end] = rest
    else:
        # With the blank line above.
        del lines[start - 1 - (not lines[start - 2]) : end]
    text = "\n".join(lines) + "\n"
    if any(kept.values()):
        return set_field(text, "airflow_build", "1")
    return re.sub(r"^airflow_build:.*\n", "", text, flags=re.MULTILINE)


def next_manifest(
    text: str, previous: Manifest, change: NextRelease, constrained: Mapping[str, str]
) -> str:
    """The manifest of a new release.

    Args:
        text: The manifest of the release before.
        previous: The same.
        change: What is new.
        constrained: Versions in the file `change.constraints`, by canonical name.
    """
    number = str(change.number)
    text = re.sub(rf"^# (.*)\b{re.escape(previous.release)}\b", rf"# \g<1>{number}", text, count=1)
    text = set_field(text, "release", number)
    text = set_field(text, "date", change.date.isoformat())
    text = set_field(text, "airflow", change.airflow)
    text = set_field(text, "resolved", change.resolved.isoformat())
    text = set_versions(text, "providers", change.providers)
    text = set_versions(text, "packages", change.packages)
    if previous.backports and change.airflow != previous.airflow:
        text = set_backports(
            text,
            {
                each.pull_request: not each.not_carried
                for each in previous.backports
                if Version(each.fixed_in) > Version(change.airflow)
            },
        )
    if change.constraints is None:
        if previous.constraints:
            text = _without_constraints(text, previous.release)
        return set_field(text, "constraints", "null")
    text = set_field(text, "constraints", change.constraints)
    changed = {
        **{f"{PROVIDER_PREFIX}{name}": version for name, version in change.providers.items()},
        **{_bare(name): version for name, version in change.packages.items()},
    }
    in_the_way = sorted(
        name
        for name, version in changed.items()
        if version and constrained.get(name, version) != version
        if name not in previous.unconstrained
    )
    return _free(text, in_the_way) if in_the_way else text


def add_exception(policy: str, number: str, calls_for: str, airflow: str | None, why: str) -> str:
    """Add an exception to the text of the policy, after those that there are."""
    lines = policy.splitlines()
    start, end = _block(lines, "exceptions")
    lines[start - 1] = "exceptions:"
    entry = [f"  {number}:", f"    calls_for: {calls_for}"]
    if airflow:
        entry.append(f"    airflow: {airflow}")
    # JSON's strings are YAML's, whatever the reason holds.
    lines[end:end] = [*entry, f"    because: {json.dumps(why)}"]
    return "\n".join(lines) + "\n"


def register(build: str, previous: str, number: str) -> str:
    """Name a release in a BUILD file, wherever the one before is named."""
    old, new = f'"{previous}"', f'"{number}"'
    # The only release so far.
    build = build.replace(f"resolve={old}", f"resolve=parametrize({old})")
    own_line = rf"^(\s*){re.escape(old)},$"
    if re.search(own_line, build, flags=re.MULTILINE):
        return re.sub(own_line, rf"\g<1>{old},\n\g<1>{new},", build, flags=re.MULTILINE)
    return build.replace(old, f"{old}, {new}")
