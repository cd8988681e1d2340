"""Builds the wheel of the source tree it is started in; runs in the build root, as text.

Standard library only, and only what the root's Python has. Source: PEP 517 and PEP 518.
"""

from __future__ import annotations

import glob
import importlib
import os
import sys
from typing import Any, Dict

# What PEP 517 says of a tree that names no backend.
_LEGACY = "setuptools.build_meta:__legacy__"


def build_system() -> Dict[str, Any]:
    """The `build-system` table of pyproject.toml."""
    if not os.path.exists("pyproject.toml"):
        return {}
    # Python 3.9 reads no TOML; Debian keeps a library that does beside pip.
    sys.path += sorted(glob.glob("/usr/share/python-wheels/toml-*.whl"))
    toml = importlib.import_module("toml")
    table: Dict[str, Any] = toml.load("pyproject.toml").get("build-system", {})
    return table


def main() -> None:
    """Write the wheel into the folder that is the one argument."""
    system = build_system()
    module, _, attribute = system.get("build-backend", _LEGACY).partition(":")
    sys.path[:0] = [os.path.join(os.getcwd(), path) for path in system.get("backend-path", [])]
    try:
        backend = importlib.import_module(module)
    except ModuleNotFoundError:
        sys.exit(f"needs the build backend {module}")
    if attribute:
        backend = getattr(backend, attribute)
    print(backend.build_wheel(sys.argv[1]))


if __name__ == "__main__":
    main()
