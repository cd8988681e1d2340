"""What release notes say of Debian's packages.

One lock holds the Debian packages of all releases, so that a security update reaches every image.
Two releases that were published with the same lock have the same packages; what Debian uploaded in
the time between them is told instead, and is in the images of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator, Mapping

from debian.util_rules.uploads import Upload
from debian.version import DebianVersion
from runtime.manifest import Manifest
from runtime.markdown import document, table
from runtime.published import DebianState


@dataclass(frozen=True)
class DebianFacts:
    """What is known of the Debian packages that images are built with now."""

    suite: str
    now: DebianState

    since: str
    """The day of the first release on this suite."""

    uploads: tuple[Upload, ...]
    """Of these packages, from then on; the newest first."""


FactsBySuite = Mapping[str, DebianFacts]


@dataclass(frozen=True)
class DebianChange:
    """A package that two releases have in different versions."""

    package: str

    before: str | None
    """None where it is new."""

    after: str | None
    """None where it is gone."""

    fixes: tuple[str, ...]
    """What the uploads after `before`, up to `after`, say they fix; sorted."""


def changes(
    before: DebianState, after: DebianState, uploads: Iterable[Upload]
) -> Iterator[DebianChange]:
    """The packages that differ, by name."""
    known = tuple(uploads)
    for package in sorted({**before.packages, **after.packages}):
        old, new = before.packages.get(package), after.packages.get(package)
        if old == new:
            continue
        fixes = {
            fix
            for upload in known
            if old and new and package in upload.packages
            if DebianVersion(old) < DebianVersion(upload.version)
            and not DebianVersion(new) < DebianVersion(upload.version)
            for fix in upload.fixes
        }
        yield DebianChange(package, old, new, tuple(sorted(fixes)))


def between(before: Manifest, after: Manifest, uploads: Iterable[Upload]) -> tuple[Upload, ...]:
    """The uploads in the time between two releases."""
    first, last = before.date.isoformat(), after.date.isoformat()
    return tuple(upload for upload in uploads if first < upload.date <= last)


def uploads_table(uploads: Iterable[Upload]) -> str:
    """A table of uploads."""
    return table(
        ("Uploaded", "Source package", "Version", "Packages in the images", "Fixes that it names"),
        (
            (
                upload.date,
                upload.source,
                upload.version,
                ", ".join(upload.packages),
                ", ".join(upload.fixes),
            )
            for upload in uploads
        ),
    )


def section(
    facts: DebianFacts,
    manifests: tuple[Manifest, Manifest],
    states: tuple[DebianState, DebianState],
) -> str:
    """What changed from one release to the next.

    Args:
        manifests: Of the release before and of this one.
        states: Their Debian packages.
    """
    before, after = manifests
    changed = tuple(changes(*states, facts.uploads))
    if changed:
        head = ("Package", before.release, after.release, "Fixes that its changelog names")
        rows = (
            (each.package, each.before or "", each.after or "", ", ".join(each.fixes))
            for each in changed
        )
        dates = f"As of {states[1].date}; {before.release} was made as of {states[0].date}."
        return f"{dates}\n\n{table(head, rows)}"
    same = (
        f"The same as in {before.release}, as of {states[1].date}: one lock holds the Debian "
        "packages of all releases."
    )
    meanwhile = between(before, after, facts.uploads)
    if not meanwhile:
        return f"{same} Debian uploaded none of them in the time between the two releases."
    return (
        f"{same} What Debian uploaded in the time between the two releases is in the images of "
        f"both:\n\n{uploads_table(meanwhile)}"
    )


def _history(facts: DebianFacts) -> Iterator[str]:
    fixes = {fix for upload in facts.uploads for fix in upload.fixes if fix.startswith("CVE-")}
    yield f"## {facts.suite}"
    yield (
        f"The images have {len(facts.now.packages)} packages as of {facts.now.date}. Since "
        f"{facts.since}, Debian uploaded {len(facts.uploads)} versions of their sources, and the "
        f"changelogs in these packages name {len(fixes)} vulnerabilities that they fix."
    )
    yield uploads_table(facts.uploads)


def history(facts: FactsBySuite) -> bytes:
    """The document on Debian's packages."""
    return document(
        "# Debian in the images",
        "One lock for each suite holds the Debian packages of all releases: a security update "
        "reaches the images of every release.",
        *(block for each in facts.values() for block in _history(each)),
    )
