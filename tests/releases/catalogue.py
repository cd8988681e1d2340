"""What releases there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import yaml


def manifests() -> List[Dict[str, Any]]:
    """The manifests of all releases, oldest first."""
    found = [yaml.safe_load(path.read_text()) for path in Path("versions").glob("*/release.yaml")]
    # An experiment has tests of its own; one process may run all of them.
    releases = [each for each in found if not each.get("experimental")]
    return sorted(
        releases, key=lambda each: tuple(int(part) for part in each["release"].split("."))
    )
