"""All that is written from the catalogue, by file name."""

from __future__ import annotations

import json

from pants.util.frozendict import FrozenDict
from runtime import debian_notes, tables
from runtime.catalogue import Catalogue
from runtime.debian_notes import FactsBySuite
from runtime.notes import notes, notes_json


def documents(catalogue: Catalogue, facts: FactsBySuite) -> FrozenDict[str, bytes]:
    """Release notes and tables.

    Args:
        catalogue: With at least one release.
    """
    data = {
        **tables.tables_json(catalogue),
        "releases": [notes_json(catalogue, each, facts) for each in catalogue.releases],
    }
    return FrozenDict(
        {
            "README.md": tables.overview(catalogue),
            "providers.md": tables.providers(catalogue),
            "debian.md": debian_notes.history(facts),
            "releases.json": (json.dumps(data, indent=1) + "\n").encode(),
            "runtime-versions.json": tables.runtime_versions(catalogue),
            **{
                f"{release.manifest.release}.md": notes(catalogue, release, facts)
                for release in catalogue.releases
            },
        }
    )
