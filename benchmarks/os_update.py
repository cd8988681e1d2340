"""Measures an update of Debian for all releases: `./pants run benchmarks/os_update.py`.

Another package comes into the OS layer of every image; to a build, an update of one is the same.
Prints a table, and writes it as JSON to `dist/benchmarks/os_update.json`. It works in a copy of the
repository with the caches of this machine, so that only what changes is built: package everything
before.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import List

from benchmarks.measure import Figure, table
from benchmarks.release import pants
from tests.monorepo.checkout import Checkout, machine_caches

SPEC = "versions::"


def measure(checkout: Checkout) -> List[Figure]:
    """Take the update three times."""
    pants(checkout, "package", SPEC)
    count = len(list(checkout.root.glob("dist/images/*/index.json")))
    lock = Figure("a new lock of Debian's packages", "")
    images = Figure(f"until all {count} images stand", "45 s")
    notes = Figure("release notes of all releases", "")
    for package in ("less", "nano", "tree"):
        checkout.edit("layers/os/BUILD", '"curl",', f'"curl",\n        "{package}",')
        lock.time(lambda: pants(checkout, "generate-lockfiles", "--resolve=bullseye"))
        images.time(lambda: pants(checkout, "package", SPEC))
        notes.time(lambda: pants(checkout, "release-notes"))
    return [lock, images, notes]


def main() -> None:
    root = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    checkout = Checkout(root, folder / "repository", folder / "caches", machine_caches())
    try:
        figures = measure(checkout)
    finally:
        checkout.stop_daemon()
        shutil.rmtree(folder, ignore_errors=True)
    print(table([["what", "median", "spread", "target"], *(each.row()[:4] for each in figures)]))
    output = root / "dist/benchmarks/os_update.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps([each.as_json() for each in figures], indent=2) + "\n")
    print(f"Wrote {output.relative_to(root)}")


if __name__ == "__main__":
    main()
