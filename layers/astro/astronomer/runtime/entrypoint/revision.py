"""Keeps Airflow away from a database that a newer Airflow has migrated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from astronomer.runtime.errors import ConfigurationError

_REVISION = re.compile(r"""^revision\b[^=\n]*=\s*['"](\w+)['"]""", re.MULTILINE)


def refuse_unknown(revisions: Iterable[str]) -> None:
    """Raise ConfigurationError when the installed Airflow has no migration of one of these ids.

    Migrations only ever get more, so an unknown one was made by a newer Airflow. Passes where no
    Airflow, or one without migrations, is installed.
    """
    folder = migrations_folder()
    known = known_revisions(folder) if folder else frozenset()
    unknown = sorted(set(revisions) - known)
    if known and unknown:
        raise ConfigurationError(
            f"database revision {', '.join(unknown)} is not known to Airflow {_airflow_version()} "
            "of this image: it was made by a newer Airflow; use an image of that version, "
            "or restore a backup from before the upgrade."
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
