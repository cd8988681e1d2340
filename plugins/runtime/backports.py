"""What the backports of a release mean for the wheel of Airflow."""

from __future__ import annotations

from typing import Iterable

from runtime.manifest import Manifest, ManifestError
from wheels.resolve import PatchedDistribution

_FOLDER = "layers/airflow/backports"

# Airflow takes a version with letters for one in development, and links to other documentation.
_LOCAL_VERSION = f"{_FOLDER}/local-version.patch"


def patches(manifest: Manifest) -> tuple[str, ...]:
    """Paths of what is applied to Airflow, in order."""
    carried = tuple(f"{_FOLDER}/{each.pull_request}.patch" for each in manifest.carried)
    return (_LOCAL_VERSION, *carried) if carried else ()


def patched_airflow(manifest: Manifest) -> tuple[PatchedDistribution, ...]:
    """The one distribution that a release changes, where it changes it."""
    if not manifest.carried:
        return ()
    return (
        PatchedDistribution(
            name="apache-airflow",
            local_version=manifest.local_version,
            patches=patches(manifest),
            origin=f"{manifest.path}: `backports`",
        ),
    )


def check_distinct(manifests: Iterable[Manifest]) -> None:
    """Fail where two releases give one version to different Airflows.

    Raises:
        ManifestError: they do.
    """
    known: dict[str, Manifest] = {}
    for manifest in sorted(manifests, key=lambda manifest: manifest.date):
        other = known.setdefault(manifest.installed_airflow, manifest)
        if patches(other) != patches(manifest):
            raise ManifestError(
                f"{manifest.path}: `airflow_build` is {manifest.airflow_build}, as in "
                f"{other.path}, which has other backports. Give Airflow {manifest.airflow} the "
                "next number."
            )
