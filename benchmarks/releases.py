"""Measures the work on all releases at once: `./pants run benchmarks/releases.py`.

Prints a table, and writes it as JSON to `dist/benchmarks/releases.json`. It works in a copy of the
repository with empty caches; `--warm` takes this machine's instead, and leaves the cold build out.
The Dockerfile is measured for one release and multiplied by their number. That needs an engine:
DOCKER_HOST's, the default one, or a private one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from benchmarks.dockerfile import Dockerfile
from benchmarks.measure import Figure, table
from benchmarks.release import edit, pants
from tests.engine.discover import engine_address
from tests.monorepo.checkout import Checkout, machine_caches
from versions.macros import TESTED_RELEASE

SPEC = "versions::"
_SHARING = "dist/sharing.json"


def dockerfiles(root: Path, releases: int, experiments: int) -> Dict[str, float]:
    """What Dockerfiles of all releases take: as many times what one takes.

    Args:
        root: Of the repository.
        releases: How many there are.
        experiments: How many of them are not part of what is stored.

    Returns:
        Seconds of a `cold` build and of one after an update of the `os`; `bytes` of all layers as
        gzip, those of the base once.
    """
    found: Dict[str, float] = {}
    with engine_address() as docker_host:
        one = Dockerfile(root, TESTED_RELEASE, docker_host)
        try:
            print("Dockerfile: base, cold build, rebuild", file=sys.stderr)
            one.make_base()
            for what, build in (
                ("cold", lambda: one.build("none", "--no-cache")),
                ("os", lambda: one.build("first")),
            ):
                figure = Figure(what, "")
                figure.time(build)
                found[what] = figure.median * releases
            base = one.compressed_base_size()
            found["bytes"] = base + (one.compressed_size() - base) * (releases - experiments)
        finally:
            one.close()
    return found


def measure(checkout: Checkout, cold: Figure) -> List[Figure]:
    """Build everything, and then again after each kind of change."""
    print("Layers: first build", file=sys.stderr)
    cold.time(lambda: pants(checkout, "package", SPEC))
    images = len(list(checkout.root.glob("dist/images/*/index.json")))
    print(f"Layers: changes of {images} images", file=sys.stderr)
    nothing = Figure("nothing changed, warm", "3 s")
    for _ in range(5):
        # Pants writes all of `dist` in every run: what an earlier one left in memory is not its.
        os.sync()
        nothing.time(lambda: pants(checkout, "package", SPEC))
    edited = Figure("one Astro file edited, all images are built", "5 s")
    for count in range(5):
        edit(checkout, count)
        os.sync()
        edited.time(lambda: pants(checkout, "package", SPEC))
    update = Figure("one OS package updated, all images are built", "45 s")
    debian = Figure("lock of Debian's packages, warm cache", "")
    notes = Figure("release notes of all releases, after it", "")
    # Another package comes into the OS layer; to a build, an update of one is the same.
    for package in ("less", "nano", "tree"):
        checkout.edit("layers/os/BUILD", '"libssl1.1"', f'"libssl1.1", "{package}"')
        debian.time(lambda: pants(checkout, "generate-lockfiles", "--resolve=bullseye"))
        update.time(lambda: pants(checkout, "package", SPEC))
        notes.time(lambda: pants(checkout, "release-notes"))
    python = Figure("lock of one release, warm cache", "60 s")
    pants(checkout, "generate-lockfiles", f"--resolve={TESTED_RELEASE}")
    for _ in range(3):
        python.time(lambda: pants(checkout, "generate-lockfiles", f"--resolve={TESTED_RELEASE}"))
    return [nothing, edited, update, debian, notes, python]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", action="store_true", help="use the caches of this machine")
    options = parser.parse_args()
    root = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    environment = machine_caches() if options.warm else {}
    checkout = Checkout(root, folder / "repository", folder / "caches", environment)
    cold = Figure("all releases, cold, empty caches", "15 min")
    try:
        figures = measure(checkout, cold)
        pants(checkout, "sharing", "--json", f"--output-file={_SHARING}", SPEC)
        stored = json.loads((checkout.root / _SHARING).read_text())["stored"]
    finally:
        checkout.stop_daemon()
        shutil.rmtree(folder, ignore_errors=True)
    manifests = [path.read_text() for path in root.glob("versions/*/release.yaml")]
    experiments = sum("\nexperimental: true\n" in manifest for manifest in manifests)
    alternatives = dockerfiles(root, len(manifests), experiments)
    figures[2].alternative = alternatives["os"]
    if not options.warm:
        cold.alternative = alternatives["cold"]
        figures.insert(0, cold)
    head = ["what", "median", "spread", "target", "Dockerfiles (one, times the releases)", "ratio"]
    print(table([head, *(each.row() for each in figures)]))
    print(
        f"\nStored, without experiments: {stored / 1e6:.0f} MB; Dockerfiles (one, times the "
        f"releases, the base once): {alternatives['bytes'] / 1e6:.0f} MB."
    )
    output = root / "dist/benchmarks/releases.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "figures": [each.as_json() for each in figures],
        "stored_bytes": stored,
        "dockerfiles_bytes": alternatives["bytes"],
    }
    output.write_text(json.dumps(report, indent=2) + "\n")
    print(f"Wrote {output.relative_to(root)}")


if __name__ == "__main__":
    main()
