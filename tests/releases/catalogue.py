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


def ends_of_lines() -> List[str]:
    """The oldest and the newest release of each line, such as 4.2: oldest first."""
    lines: Dict[str, List[str]] = {}
    for manifest in manifests():
        number = str(manifest["release"])
        lines.setdefault(number.rpartition(".")[0], []).append(number)
    return [number for line in lines.values() for number in dict.fromkeys((line[0], line[-1]))]
