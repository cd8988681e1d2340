"""The table of libraries' layers has every layer, with libraries that are in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Dict, List

from versions.macros import LIBRARIES

_FOLDER = Path("layers/libraries")
_ROW = re.compile(r"^\| `layers/libraries:([\w-]+)` \| (.+) \|$", re.MULTILINE)


def test_the_readme_lists_each_layer_with_libraries_that_are_in_it() -> None:
    division: Dict[str, List[str]] = json.loads((_FOLDER / "division.json").read_text())
    rows: Dict[str, str] = dict(_ROW.findall((_FOLDER / "README.md").read_text()))

    assert list(rows) == [*LIBRARIES, "others"]
    for layer in LIBRARIES:
        examples = re.findall(r"`([^`]+)`", rows[layer])
        assert examples
        assert set(examples) <= set(division[layer])
