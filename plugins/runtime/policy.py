"""Which kind of release a change calls for, and whether releases are numbered so.

The rules and the exceptions are data: `versions/policy.yaml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Iterator, Sequence

from locks.fields import SENTENCE, Fields
from pants.util.frozendict import FrozenDict
from runtime.changes import Change, Part, Subject, manifest_changes
from runtime.manifest import VERSION, Manifest
from runtime.release_number import NUMBER, Kind, ReleaseNumber

_LINE = re.compile(r"\d+\.\d+")


class PolicyError(Exception):
    """The policy cannot be used, or releases break it. Each sentence names file, fact and fix."""


@dataclass(frozen=True)
class ReleaseException:
    """A release that was numbered otherwise than the rules say."""

    calls_for: Kind
    """The kind of release that its changes call for, so that no further change slips in."""

    because: str

    airflow: str | None
    """The release's Airflow, where its minor series had another one before."""


@dataclass(frozen=True)
class Lifecycle:
    """How long releases are maintained."""

    stable_months: int
    """Months from the first release of a minor series."""

    long_term_months: int
    """The same, for long-term support."""

    long_term_lines: tuple[str, ...]
    """Minor series with long-term support: `4.2`."""


@dataclass(frozen=True)
class Policy:
    """The content of `versions/policy.yaml`."""

    path: str
    """Of the file, for errors."""

    rules: FrozenDict[Subject, FrozenDict[Part, Kind]]
    exceptions: FrozenDict[str, ReleaseException]
    """By release."""

    lifecycle: Lifecycle

    def kind(self, change: Change) -> Kind:
        """The kind of release that one change calls for.

        Raises:
            PolicyError: no rule says it.
        """
        kind = self.rules.get(change.subject, FrozenDict()).get(change.part)
        if kind is None:
            raise PolicyError(
                f"{self.path}: `rules.{change.subject.value}` says nothing of '{change.part.value}'"
                f" ({change}). Add it."
            )
        return kind

    def called_for(self, changes: Iterable[Change]) -> Kind:
        """The kind of release that changes call for together; a patch if there are none."""
        return max((self.kind(change) for change in changes), default=Kind.PATCH)


def _kind(fields: Fields, field: str) -> Kind:
    return fields.converted(
        field, lambda value: Kind[value.upper()], "Write patch, minor or major."
    )


def _rule(fields: Fields) -> FrozenDict[Part, Kind]:
    return FrozenDict(
        {part: _kind(fields, part.value) for part in Part if not fields.lacks(part.value)}
    )


def _rules(fields: Fields) -> FrozenDict[Subject, FrozenDict[Part, Kind]]:
    return FrozenDict(
        {
            subject: fields.part(subject.value).whole(_rule)
            for subject in Subject
            if not fields.lacks(subject.value)
        }
    )


def _exception(fields: Fields) -> ReleaseException:
    return ReleaseException(
        calls_for=_kind(fields, "calls_for"),
        because=fields.text("because", SENTENCE, "Airflow's patch version came as a patch"),
        airflow=None if fields.lacks("airflow") else fields.text("airflow", VERSION, "2.3.4"),
    )


def _exceptions(fields: Fields) -> FrozenDict[str, ReleaseException]:
    parts = fields.parts(
        "exceptions",
        "Map releases such as 5.0.6 to `calls_for` (patch, minor or major), `because` and, where "
        "their Airflow is new in the series, `airflow`.",
        NUMBER,
    )
    return FrozenDict((release, part.whole(_exception)) for release, part in parts.items())


def _lifecycle(fields: Fields) -> Lifecycle:
    return Lifecycle(
        stable_months=fields.number("stable_months"),
        long_term_months=fields.number("long_term_months"),
        long_term_lines=fields.texts(
            "long_term_lines", _LINE, "Write a list of minor series such as '4.2', in quotes."
        ),
    )


def parse_policy(path: str, content: bytes) -> Policy:
    """Read the policy.

    Raises:
        PolicyError: it is not what `versions/README.md` describes.
    """
    return Fields.read(path, PolicyError, content, "versions/README.md").whole(
        lambda fields: Policy(
            path=path,
            rules=fields.part("rules").whole(_rules),
            exceptions=_exceptions(fields),
            lifecycle=fields.part("lifecycle").whole(_lifecycle),
        )
    )


def _number(manifest: Manifest) -> ReleaseNumber:
    return ReleaseNumber.parse(manifest.release)


def previous_release(manifest: Manifest, manifests: Iterable[Manifest]) -> Manifest | None:
    """The release that a release comes after: the largest smaller number of its time.

    A patch of an older series may be younger than the first release of a newer one.
    """
    before = [
        other
        for other in manifests
        if _number(other) < _number(manifest) and other.date <= manifest.date
    ]
    return max(before, key=_number) if before else None


def _numbering(policy: Policy, before: Manifest, after: Manifest) -> Iterator[str]:
    number, exception = _number(after), policy.exceptions.get(after.release)
    announced = number.kind_after(_number(before))
    changes = manifest_changes(before, after)
    called_for = policy.called_for(changes)
    if called_for <= announced:
        if exception:
            yield (
                f"{policy.path}: `exceptions.{after.release}` is not needed: a {announced.label} "
                f"release is what its changes since {before.release} call for. Remove it."
            )
    elif not exception:
        reasons = "; ".join(str(each) for each in changes if policy.kind(each) > announced)
        yield (
            f"{after.path}: `release` is '{after.release}', but the changes since {before.release} "
            f"call for a {called_for.label} release ({reasons}). Number it "
            f"{_number(before).next(called_for)}, or give a reason in the `exceptions` of "
            f"{policy.path}."
        )
    elif exception.calls_for != called_for:
        yield (
            f"{policy.path}: `exceptions.{after.release}.calls_for` is "
            f"'{exception.calls_for.label}', but the changes since {before.release} call for a "
            f"{called_for.label} release. Correct it, or the release."
        )
    same_series = number.line == _number(before).line
    stated = exception.airflow if exception else None
    expected = after.airflow if same_series and before.airflow != after.airflow else None
    if expected and not stated:
        yield (
            f"{after.path}: `airflow` is '{after.airflow}', but {before.release} has "
            f"{before.airflow}, and all releases of {number.line} have one Airflow. Number it "
            f"{_number(before).next(Kind.MINOR)}, or name the new Airflow in "
            f"`exceptions.{after.release}.airflow` of {policy.path}."
        )
    elif stated != expected:
        yield (
            f"{policy.path}: `exceptions.{after.release}.airflow` is '{stated}', but the release "
            f"{f'changes to {expected}' if expected else 'keeps its Airflow'}. Correct it."
        )


def _duplicates(manifests: Sequence[Manifest]) -> Iterator[str]:
    owners: dict[str, Manifest] = {}
    for manifest in manifests:
        other = owners.setdefault(manifest.release, manifest)
        if other is not manifest:
            yield (
                f"{manifest.path}: `release` is '{manifest.release}', which {other.path} claims "
                "too. Give one of them another number."
            )


def violations(policy: Policy, manifests: Sequence[Manifest]) -> Iterator[str]:
    """A sentence for each thing in which releases break the policy.

    Args:
        manifests: Of all releases.
    """
    yield from _duplicates(manifests)
    for release in sorted(set(policy.exceptions) - {each.release for each in manifests}):
        yield f"{policy.path}: `exceptions` names {release}, which is not a release. Remove it."
    for manifest in sorted(manifests, key=_number):
        before = previous_release(manifest, manifests)
        if before:
            yield from _numbering(policy, before, manifest)
        later = [
            each
            for each in manifests
            if _number(each) < _number(manifest)
            and _number(each).line == _number(manifest).line
            and each.date > manifest.date
        ]
        if later:
            yield (
                f"{manifest.path}: `date` is {manifest.date}, but {later[0].release} came out on "
                f"{later[0].date}. Correct one of them."
            )
