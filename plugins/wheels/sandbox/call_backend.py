"""Builds the wheel of the source tree it is started in; runs in the build root, as text.

usage: FOLDER BACKEND [PATH ...]

FOLDER is where the wheel goes; BACKEND and PATHs are `build-backend` and `backend-path` of PEP 517.
Standard library only, and only what the root's Python has.
"""

from __future__ import annotations

import importlib
import os
import sys


def main() -> None:
    """Write the wheel."""
    folder, name, *paths = sys.argv[1:]
    module, _, attribute = name.partition(":")
    sys.path[:0] = [os.path.join(os.getcwd(), path) for path in paths]
    try:
        backend = importlib.import_module(module)
    except ModuleNotFoundError:
        sys.exit(f"needs the build backend {module}")
    for part in filter(None, attribute.split(".")):
        backend = getattr(backend, part)
    print(backend.build_wheel(folder))


if __name__ == "__main__":
    main()
