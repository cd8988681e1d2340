"""Keeps Airflow away from a database that it has no migrations for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from astronomer.runtime.entrypoint.former_revisions import former_revisions
from astronomer.runtime.errors import ConfigurationError

_REVISION = re.compile(r"""^revision\b[^=\n]*=\s*['"](\w+)['"]""", re.MULTILINE)


def refuse_unknown(revisions: Iterable[str]) -> None:
    """Raise ConfigurationError when the installed Airflow has no migration of one of these ids.

    Airflow 3 has left out those of before Airflow 2.7; any other was made by a newer Airflow.
    Passes where no Airflow, or one without migrations, is installed, and for a database without
    revisions, which is new.
    """
    folder = migrations_folder()
    known = known_revisions(folder) if folder else frozenset()
    unknown = sorted(set(revisions) - known)
    if not known or not unknown:
        return
    former = former_revisions()
    makers = {former[each] for each in unknown if each in former}
    of_airflow = f" (new in Airflow {' and '.join(sorted(makers))})" if makers else ""
    start = f"database revision {', '.join(unknown)}{of_airflow} is not known to Airflow"
    # An Airflow that has one of them has them all, up to its own.
    if former.keys() >= set(unknown) and former.keys().isdisjoint(known):
        raise ConfigurationError(
            f"{start} {_airflow_version()} of this image, which migrates databases of Airflow 2.7"
            " and later; run `airflow db migrate` with a release of Airflow 2.7 to 2.11 first,"
            " best with 2.11, the newest of them."
        )
    raise ConfigurationError(
        f"{start} {_airflow_version()} of this image: it was made by a newer Airflow; use an image"
        " of that version, or restore a backup from before the upgrade."
    )


def known_revisions(folder: Path) -> frozenset[str]:
    """The ids of the migrations in a folder, read as text: importing one would import Airflow."""
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    return frozenset(revision for text in texts for revision in _REVISION.findall(text))


def migrations_folder() -> Path | None:
    """Where the installed Airflow keeps its migrations; None where there is no Airflow."""
    # The spec of a top-level package is found without importing it.
    spec = find_spec("airflow")
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location, "migrations", "versions")
        if folder.is_dir():
            return folder
    return None


def _airflow_version() -> str:
    # Imported where it is needed: it is slow to import, and only a refusal asks.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("apache-airflow")
    except PackageNotFoundError:
        return "(of unknown version)"
