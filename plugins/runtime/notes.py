"""Release notes: what changed since the release before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from oci.sandbox.sizes import human_size
from packaging.version import Version
from pants.util.frozendict import FrozenDict
from runtime import debian_notes
from runtime.catalogue import Catalogue, Release
from runtime.changes import Change, Subject, dependency_changes, manifest_changes
from runtime.debian_notes import FactsBySuite
from runtime.markdown import document, table
from runtime.published import DebianState, PublishedRelease
from runtime.release_number import Kind


@dataclass(frozen=True)
class ReleaseChanges:
    """What differs between two releases."""

    before: Release
    after: Release

    chosen: tuple[Change, ...]
    """See `manifest_changes`."""

    dependencies: tuple[Change, ...]
    """See `dependency_changes`."""

    called_for: Kind
    """The kind of release that the changes call for."""

    def of(self, *subjects: Subject) -> tuple[Change, ...]:
        """The chosen changes that are about one of these."""
        return tuple(change for change in self.chosen if change.subject in subjects)


def compare(catalogue: Catalogue, before: Release, after: Release) -> ReleaseChanges:
    """Compare two releases, which need not be neighbours."""
    all_chosen = manifest_changes(before.manifest, after.manifest)
    # What is pinned by hand in one release and not in the other may be installed all the same.
    chosen = tuple(change for change in all_chosen if change.subject is not Subject.PACKAGE)
    return ReleaseChanges(
        before=before,
        after=after,
        chosen=chosen,
        dependencies=dependency_changes(before.packages, after.packages, chosen),
        called_for=catalogue.policy.called_for(all_chosen),
    )


def _change_table(compared: ReleaseChanges, changes: Iterable[Change]) -> str:
    return table(
        ("Package", compared.before.manifest.release, compared.after.manifest.release),
        ((change.name, change.before or "", change.after or "") for change in changes),
    )


def _section(title: str, compared: ReleaseChanges, changes: tuple[Change, ...]) -> str:
    return f"## {title}\n\n{_change_table(compared, changes)}" if changes else ""


def python_sections(compared: ReleaseChanges) -> tuple[str, ...]:
    """The sections on everything that the Python lock holds."""
    platform = compared.of(Subject.AIRFLOW, Subject.PYTHON, Subject.SUITE, Subject.EXTRA)
    dependencies = compared.dependencies
    return (
        _section("Airflow", compared, platform)
        or f"## Airflow\n\nAirflow {compared.after.manifest.airflow}, as before.",
        _section("Maintained by Astronomer", compared, compared.of(Subject.ASTRONOMER)),
        _section("Providers", compared, compared.of(Subject.PROVIDER)),
        _section(f"Other Python packages ({len(dependencies)})", compared, dependencies),
    )


def _backports(compared: ReleaseChanges) -> str:
    """The fixes of later Airflows that a release has, and those that it needs no more."""
    before, after = compared.before.manifest, compared.after.manifest
    known = {each.pull_request for each in before.carried}
    rows = [
        (
            f"#{each.pull_request}",
            each.fixes,
            each.fixed_in,
            f"not carried: {each.not_carried}"
            if each.not_carried
            else "as before"
            if each.pull_request in known
            else "new",
        )
        for each in after.backports
    ]
    kept = {each.pull_request for each in after.backports}
    rows += [
        (
            f"#{each.pull_request}",
            each.fixes,
            each.fixed_in,
            "part of Airflow now"
            if Version(each.fixed_in) <= Version(after.airflow)
            else "not any more",
        )
        for each in before.carried
        if each.pull_request not in kept
    ]
    return table(("Pull request", "Fixes", "In Airflow from", "Here"), rows) if rows else ""


def _settings(before: FrozenDict[str, str], after: FrozenDict[str, str]) -> str:
    # Every release has its own.
    names = sorted({*before, *after} - {"ASTRONOMER_RUNTIME_VERSION"})
    changed = [name for name in names if before.get(name) != after.get(name)]
    if not changed:
        return "No environment variable of the image changed."
    return table(
        ("Variable", "Before", "After"),
        (
            [f"`{name}`", *(f"`{env[name]}`" if name in env else "" for env in (before, after))]
            for name in changed
        ),
    )


def _size(seal: PublishedRelease, before: PublishedRelease | None, name: str) -> str:
    text = f"{human_size(seal.size)} in {len(seal.layers)} layers, compressed."
    if before:
        text += (
            f" {name} had {human_size(before.size)}; a node that has it pulls "
            f"{human_size(seal.pulled_after(before))}."
        )
    return text


def _states(
    catalogue: Catalogue, compared: ReleaseChanges, facts: FactsBySuite
) -> tuple[DebianState, DebianState]:
    """The Debian packages that two releases were published with, or would be now."""

    def state(release: Release) -> DebianState:
        seal = catalogue.seal(release)
        return seal.debian if seal else facts[release.manifest.suite].now

    return state(compared.before), state(compared.after)


def _headline(catalogue: Catalogue, compared: ReleaseChanges) -> str:
    manifest, before = compared.after.manifest, compared.before.manifest
    announced = compared.after.number.kind_after(compared.before.number)
    text = (
        f"{manifest.date}, on Apache Airflow {manifest.airflow}. A {announced.label} release after "
        f"[{before.release}]({before.release}.md)."
    )
    exception = catalogue.policy.exceptions.get(manifest.release)
    if exception:
        text += (
            f" By [the rules](../../{catalogue.policy.path}) its changes call for a "
            f"{exception.calls_for.label} release: {exception.because}"
        )
    return text


def notes(catalogue: Catalogue, release: Release, facts: FactsBySuite) -> bytes:
    """The notes of one release, as Markdown."""
    manifest, seal = release.manifest, catalogue.seal(release)
    title = f"# Astro Runtime {manifest.release}"
    draft = "" if seal else "**Draft**: this release is not published."
    before = catalogue.previous(release)
    if not before:
        return document(
            title,
            draft,
            f"{manifest.date}, on Apache Airflow {manifest.airflow}. The first release here.",
            release.highlights,
            f"## Size\n\n{_size(seal, None, '')}" if seal else "",
        )
    compared = compare(catalogue, before, release)
    sealed_before = catalogue.seal(before)
    debian = debian_notes.section(
        facts[manifest.suite], (before.manifest, manifest), _states(catalogue, compared, facts)
    )
    backports = _backports(compared)
    published: tuple[str, ...] = ()
    if seal and sealed_before:
        published = (
            f"## Settings\n\n{_settings(sealed_before.settings, seal.settings)}",
            f"## Size\n\n{_size(seal, sealed_before, before.manifest.release)}",
        )
    return document(
        title,
        draft,
        _headline(catalogue, compared),
        release.highlights,
        f"## Backports to Airflow\n\n{backports}" if backports else "",
        *python_sections(compared),
        f"## Debian packages\n\n{debian}",
        *published,
    )


def _as_json(changes: Iterable[Change]) -> dict[str, list[str | None]]:
    return {change.name: [change.before, change.after] for change in changes}


def notes_json(catalogue: Catalogue, release: Release, facts: FactsBySuite) -> dict[str, Any]:
    """The same for programs: each change is the version before and after."""
    manifest, seal = release.manifest, catalogue.seal(release)
    data: dict[str, Any] = {
        "release": manifest.release,
        "date": manifest.date.isoformat(),
        "airflow": manifest.airflow,
        "published": seal is not None,
    }
    if seal:
        data["bytes"] = seal.size
    before = catalogue.previous(release)
    if not before:
        return data
    compared = compare(catalogue, before, release)
    sealed_before = catalogue.seal(before)
    states = _states(catalogue, compared, facts)
    data["since"] = before.manifest.release
    data["kind"] = release.number.kind_after(before.number).label
    data["called_for"] = compared.called_for.label
    data["changes"] = {
        **{
            subject.value: _as_json(compared.of(subject))
            for subject in Subject
            if compared.of(subject)
        },
        "dependencies": _as_json(compared.dependencies),
        "debian": {
            each.package: {"versions": [each.before, each.after], "fixes": each.fixes}
            for each in debian_notes.changes(*states, facts[manifest.suite].uploads)
        },
    }
    if seal and sealed_before:
        data["bytes_to_pull"] = seal.pulled_after(sealed_before)
    return data
