"""What releases there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import yaml


def manifests() -> List[Dict[str, Any]]:
    """The manifests of all releases, oldest first."""
    found = [yaml.safe_load(path.read_text()) for path in Path("versions").glob("*/release.yaml")]
    return sorted(found, key=lambda each: tuple(int(part) for part in each["release"].split(".")))
