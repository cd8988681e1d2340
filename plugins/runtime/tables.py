"""Tables over all releases: parity, lifecycle, providers; and what other programs read of them."""

from __future__ import annotations

import json
from typing import Any, Iterable

from oci.sandbox.sizes import human_size
from oci.sharing import together
from runtime.catalogue import Catalogue, Release
from runtime.changes import ASTRONOMER_PACKAGES, PROVIDER_PREFIX
from runtime.lifecycle import Series, all_series
from runtime.markdown import document, table


def _published(catalogue: Catalogue) -> tuple[Release, ...]:
    return tuple(release for release in catalogue.releases if catalogue.seal(release))


def published_series(catalogue: Catalogue) -> tuple[Series, ...]:
    """The series of published releases, the newest first."""
    manifests = [release.manifest for release in _published(catalogue)]
    return all_series(manifests, catalogue.policy.lifecycle)


def _release_rows(catalogue: Catalogue, latest: set[str]) -> Iterable[list[str]]:
    for release in reversed(catalogue.releases):
        manifest, seal = release.manifest, catalogue.seal(release)
        before = catalogue.previous(release)
        sealed_before = catalogue.seal(before) if before else None
        state = "maintained" if manifest.release in latest else "deprecated"
        yield [
            f"[{manifest.release}]({manifest.release}.md)",
            manifest.date.isoformat(),
            manifest.airflow,
            *(release.packages.get(name, "") for name in ASTRONOMER_PACKAGES),
            state if seal else "draft",
            human_size(seal.size) if seal else "",
            human_size(seal.pulled_after(sealed_before)) if seal and sealed_before else "",
        ]


def _together(catalogue: Catalogue) -> str:
    seals = [catalogue.seal(release) for release in catalogue.releases]
    whole = together(seal.layers for seal in seals if seal)
    if not whole.images:
        return ""
    return (
        f"A registry with the images of all {whole.images} published releases stores "
        f"{human_size(whole.stored)}, {whole.ratio:.2f} times the largest image: see "
        "[what is counted](../inside.md#bytes)."
    )


def overview(catalogue: Catalogue) -> bytes:
    """The parity table, the lifecycle table, and all releases."""
    series = published_series(catalogue)
    parity = table(
        ("Astro Runtime", "Apache Airflow version"),
        ((f"{each.line}.x", each.airflow) for each in reversed(series)),
    )
    lifecycle = table(
        ("Series", "First release", "Support", "Maintained until", "Latest", "Deprecated"),
        (
            (
                f"{each.line}.x",
                each.releases[0].date.isoformat(),
                "long-term" if each.long_term else "stable",
                each.maintained_until.isoformat(),
                each.latest.release,
                ", ".join(release.release for release in each.releases[:-1]),
            )
            for each in reversed(series)
        ),
    )
    head = ("Release", "Date", "Airflow", *ASTRONOMER_PACKAGES, "State", "Size", "Pulled after")
    releases = table(head, _release_rows(catalogue, {each.latest.release for each in series}))
    months = catalogue.policy.lifecycle
    return document(
        "# Releases",
        "[Versions of all providers](providers.md), "
        "[what Debian fixed](debian.md), and for programs: [releases.json](releases.json), and "
        "[runtime-versions.json](runtime-versions.json), which the Astro CLI and the update notice "
        "read.",
        "## Astro Runtime and Apache Airflow parity",
        parity,
        "## Lifecycle",
        f"A series is maintained to the end of the month {months.stable_months} months after its "
        f"first release, with long-term support {months.long_term_months} months. Only the latest "
        "release of a series is; the others are deprecated.",
        lifecycle,
        "## All releases",
        "Sizes are compressed, of the image as it was published. The last column is what a node "
        "with the release before pulls.",
        releases,
        _together(catalogue),
    )


def _provider_names(releases: Iterable[Release]) -> list[str]:
    names = {
        name
        for release in releases
        for name in release.packages
        if name.startswith(PROVIDER_PREFIX) or name in ASTRONOMER_PACKAGES
    }
    return sorted(names, key=lambda name: (name in ASTRONOMER_PACKAGES, name))


def providers(catalogue: Catalogue) -> bytes:
    """The provider reference: a table for each minor series, as wide as it has releases."""
    blocks = []
    for line in dict.fromkeys(release.number.line for release in reversed(catalogue.releases)):
        releases = [release for release in catalogue.releases if release.number.line == line]
        rows = (
            [name, *(release.packages.get(name, "") for release in releases)]
            for name in _provider_names(releases)
        )
        head = ["Package", *(release.manifest.release for release in releases)]
        blocks += [f"## {line}.x", table(head, rows)]
    return document(
        "# Provider packages",
        "The versions in the images, as their locks say.",
        *blocks,
    )


def runtime_versions(catalogue: Catalogue) -> bytes:
    """The list of published releases in the form that the Astro CLI reads."""
    series = published_series(catalogue)
    until = {release.release: each.maintained_until for each in series for release in each.releases}
    latest = {each.latest.release for each in series}
    versions: dict[str, Any] = {}
    for release in _published(catalogue):
        manifest, before = release.manifest, catalogue.previous(release)
        versions[manifest.release] = {
            "metadata": {
                "airflowVersion": manifest.airflow,
                "channel": "stable" if manifest.release in latest else "deprecated",
                "releaseDate": manifest.date.isoformat(),
                "endOfMaintenance": until[manifest.release].isoformat(),
            },
            "migrations": {
                # Airflow's migrations come with its versions.
                "airflowDatabase": not before
                or before.manifest.airflow != manifest.airflow
            },
        }
    return (json.dumps({"runtimeVersions": versions}, indent=1) + "\n").encode()


def tables_json(catalogue: Catalogue) -> dict[str, Any]:
    """Parity, lifecycle and providers for programs."""
    series = published_series(catalogue)
    return {
        "parity": {f"{each.line}.x": each.airflow for each in series},
        "lifecycle": {
            f"{each.line}.x": {
                "first_release": each.releases[0].date.isoformat(),
                "support": "long-term" if each.long_term else "stable",
                "maintained_until": each.maintained_until.isoformat(),
                "latest": each.latest.release,
                "deprecated": [release.release for release in each.releases[:-1]],
            }
            for each in series
        },
        "providers": {
            release.manifest.release: {
                name: release.packages[name] for name in _provider_names([release])
            }
            for release in catalogue.releases
        },
    }
