"""Holds what is installed against advisories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Callable, Iterable, Mapping, Sequence

from debian.version import DebianVersion
from packaging.version import InvalidVersion, Version
from vulnerabilities.installed import Ecosystem, Installed
from vulnerabilities.reading.advisory import Advisory, Span


@dataclass(frozen=True)
class Finding:
    """A vulnerability that a package has."""

    package: Installed

    advisory: Advisory
    """Of several that speak of one vulnerability, what they say together."""

    fixed: str
    """The first version without it; empty where there is none, or nobody has said it."""

    last_affected: str = ""
    """The last version with it, where nobody has said which one is fixed."""

    @property
    def names(self) -> frozenset[str]:
        """Everything that the vulnerability is called."""
        return frozenset((self.advisory.id, *self.advisory.aliases))

    @property
    def id(self) -> str:
        """What most people call it: the CVE number, where there is one."""
        return min(self.names, key=lambda name: (not name.startswith("CVE-"), name))

    @property
    def counts(self) -> bool:
        """Whether somebody should do something about it."""
        return not self.advisory.undetermined and self.advisory.severity.value != "unimportant"


_ORDERS: Mapping[Ecosystem, Callable[[str], Any]] = {
    # PEP 440.
    Ecosystem.PYTHON: lru_cache(maxsize=None)(Version),
    Ecosystem.DEBIAN: lru_cache(maxsize=None)(DebianVersion),
}


def ordered(ecosystem: Ecosystem) -> Callable[[str], Any]:
    """A key that sorts the versions of an ecosystem. It raises InvalidVersion."""
    return _ORDERS[ecosystem]


def _keys(package: Installed, bound: str) -> tuple[Any, Any]:
    """The version of a package and a bound, to be compared.

    A local part (`2.3.3+astro.1`) names a build of a version, so it counts only where an
    advisory has one too: what is said of 2.3.3 is true of 2.3.3+astro.1, unless a patch of
    ours changes it, which a waiver says.
    """
    version = ordered(package.ecosystem)
    ours, other = version(package.version), version(bound)
    if package.ecosystem == Ecosystem.PYTHON and not other.local:
        ours = version(ours.public)
    return ours, other


def _within(package: Installed, span: Span) -> bool:
    if span.introduced:
        ours, bound = _keys(package, span.introduced)
        if ours < bound:
            return False
    if span.fixed:
        ours, bound = _keys(package, span.fixed)
        return bool(ours < bound)
    if span.last_affected:
        ours, bound = _keys(package, span.last_affected)
        return bool(ours <= bound)
    return True


def _listed(package: Installed, versions: Iterable[str]) -> bool:
    for text in versions:
        try:
            ours, bound = _keys(package, text)
        except InvalidVersion:
            # Lists go back to before there was a standard. Nothing like that is installed.
            continue
        if ours == bound:
            return True
    return False


def finding(package: Installed, advisory: Advisory) -> Finding | None:
    """What an advisory about a package means for the version that is installed.

    Raises:
        InvalidVersion: A version cannot be compared.
    """
    # Also where nothing is compared with it.
    ordered(package.ecosystem)(package.version)
    for span in advisory.spans:
        if _within(package, span):
            return Finding(package, advisory, span.fixed, span.last_affected)
    return Finding(package, advisory, "") if _listed(package, advisory.versions) else None


def _together(one: Finding, other: Finding) -> Finding:
    """One finding of two that speak of the same vulnerability."""
    version = ordered(one.package.ecosystem)
    fixed = max(filter(None, (one.fixed, other.fixed)), key=version, default="")
    first, second = sorted((one.advisory, other.advisory), key=lambda each: each.id)
    return replace(
        one,
        advisory=replace(
            first,
            aliases=tuple(sorted((one.names | other.names) - {first.id})),
            severity=max(first.severity, second.severity, key=lambda each: each.rank),
            summary=first.summary or second.summary,
        ),
        fixed=fixed,
        last_affected="" if fixed else one.last_affected or other.last_affected,
    )


@dataclass(frozen=True)
class Findings:
    """What advisories say of packages."""

    found: tuple[Finding, ...]
    """The worst first."""

    unclear: tuple[str, ...] = ()
    """A sentence for each advisory that cannot be compared with what is installed."""


class Advisories:
    """All advisories, by what they are about.

    Args:
        advisories: In any order; some may speak of the same vulnerability.
    """

    def __init__(self, advisories: Iterable[Advisory]) -> None:
        self._by_package: dict[tuple[str, str], list[Advisory]] = {}
        for advisory in advisories:
            self._by_package.setdefault((advisory.package, advisory.suite), []).append(advisory)

    def of(self, package: Installed) -> Sequence[Advisory]:
        """Those about a package, whatever its version."""
        return self._by_package.get((package.name, package.suite), ())

    def findings(self, packages: Iterable[Installed]) -> Findings:
        """What is true of packages."""
        found: list[Finding] = []
        unclear: list[str] = []
        for package in packages:
            own: list[Finding] = []
            for advisory in self.of(package):
                try:
                    new = finding(package, advisory)
                except InvalidVersion as error:
                    unclear.append(
                        f"{advisory.id} about {package.name} {package.version}: {error}. Read it."
                    )
                    continue
                if new:
                    same = [each for each in own if each.names & new.names]
                    for each in same:
                        new = _together(each, new)
                    own = [*(each for each in own if each not in same), new]
            found += own
        found.sort(key=lambda each: (-each.advisory.severity.rank, each.package.name, each.id))
        return Findings(tuple(found), tuple(sorted(set(unclear))))
