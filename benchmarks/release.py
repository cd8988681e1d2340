"""Measures one release against its Dockerfile: `./pants run benchmarks/release.py`.

Both are measured in one run. Prints tables, and writes what they say as JSON to
`dist/benchmarks/release.json`. Takes about 15 minutes and an engine: DOCKER_HOST's, the default
one, or a private one.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from oci.format.history import copied_targets

from benchmarks.dockerfile import Dockerfile
from benchmarks.measure import Figure, PeakMemory, table
from tests.engine.discover import engine_address
from tests.monorepo.checkout import Checkout
from versions.macros import TESTED_RELEASE

SPEC = f"versions/{TESTED_RELEASE}::"
MODULE = "layers/astro/astronomer/runtime/__init__.py"
IN_IMAGE = "/usr/local/lib/python3.9/dist-packages/astronomer/runtime/__init__.py"


def pants(checkout: Checkout, *args: str) -> str:
    """Run Pants in the copy; what it printed."""
    run = checkout.pants(*args)
    if run.exit_code:
        raise SystemExit(f"./pants {' '.join(args)} failed:\n{run.output[-3000:]}")
    return run.output


def edit(checkout: Checkout, count: int) -> None:
    """Make the Astro layer differ from all builds before."""
    checkout.edit(MODULE, None, f"\n# edit {count}\n")


def warm_figures(checkout: Checkout) -> List[Figure]:
    """No change, one edit, and one edit until a container sees it."""
    nothing = Figure("no change, warm", "1.0 s")
    for _ in range(7):
        nothing.time(lambda: pants(checkout, "package", SPEC))
    edited = Figure("a file of layers/astro edited, until both images are built", "2.0 s")
    for count in range(5):
        edit(checkout, count)
        edited.time(lambda: pants(checkout, "package", SPEC))
    seen = Figure("the same, until `docker run` sees it", "3.0 s")
    image = f"versions/{TESTED_RELEASE}:runtime"
    pants(checkout, "run", image, "--", "true")
    for count in range(5, 10):
        edit(checkout, count)
        outputs: List[str] = []
        seen.time(lambda: outputs.append(pants(checkout, "run", image, "--", "cat", IN_IMAGE)))
        assert f"# edit {count}" in outputs[0]
    return [nothing, edited, seen]


def os_update(checkout: Checkout) -> Figure:
    """Another package in the OS layer, until both images are built. The lock is made before."""
    figure = Figure(
        "an OS package changes, until both images are built", "a fifth of the Dockerfile's"
    )
    for package in ("less", "nano", "tree"):
        checkout.edit("layers/os/BUILD", '"curl",', f'"curl",\n        "{package}",')
        pants(checkout, "generate-lockfiles", "--resolve=bullseye")
        figure.time(lambda: pants(checkout, "package", SPEC))
    return figure


def sizes(dist: Path) -> Dict[str, int]:
    """Compressed bytes of each layer of the runtime image, by target."""
    index = json.loads((dist / f"images/{TESTED_RELEASE}/index.json").read_text())

    def read(digest: str) -> Dict:
        document: Dict = json.loads((dist / "blobs" / digest.replace(":", "/")).read_text())
        return document

    manifest = read(index["manifests"][0]["digest"])
    history = read(manifest["config"]["digest"])["history"]
    sizes = [layer["size"] for layer in manifest["layers"]]
    return dict(zip(copied_targets(history), sizes))


def main() -> None:
    root = Path.cwd()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    checkout = Checkout(root, folder / "repository", folder / "caches", {})
    try:
        with engine_address() as docker_host:
            checkout.set_env("DOCKER_HOST", docker_host)
            report = measure(checkout, root, docker_host)
    finally:
        checkout.stop_daemon()
        shutil.rmtree(folder, ignore_errors=True)
    output = root / "dist/benchmarks/release.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(report, indent=2) + "\n")
    print(f"Wrote {output.relative_to(root)}")


def measure(checkout: Checkout, root: Path, docker_host: str) -> Dict[str, object]:
    """Take all figures; print them; the report."""
    alternative = Dockerfile(root, TESTED_RELEASE, docker_host)
    try:
        print("Dockerfile: base, cold build, rebuild", file=sys.stderr)
        alternative.make_base()
        docker_cold = Figure("Dockerfile, cold", "")
        docker_cold.time(lambda: alternative.build("none", "--no-cache"))
        docker_update = Figure("Dockerfile, an OS package changes", "")
        docker_update.time(lambda: alternative.build("first"))
        docker_size = alternative.compressed_size()
    finally:
        alternative.close()
    print("Layers: cold build", file=sys.stderr)
    cold = Figure("cold, empty caches, one release", "the Dockerfile's time; aim for half")
    cold.alternative = docker_cold.median
    with PeakMemory() as memory:
        cold.time(lambda: pants(checkout, "package", SPEC))
    gzip = sizes(checkout.root / "dist")
    print("Layers: warm builds", file=sys.stderr)
    figures = [cold, *warm_figures(checkout)]
    update = os_update(checkout)
    update.alternative = docker_update.median
    figures.append(update)
    pants(checkout, "--oci-compression=zstd", "package", SPEC)
    zstd = sizes(checkout.root / "dist")
    head = ["what", "median", "spread", "target", "Dockerfile", "ratio"]
    print(table([head, *(figure.row() for figure in figures)]))
    layers = [
        [name, f"{size / 1e6:.1f} MB", f"{zstd.get(name, 0) / 1e6:.1f} MB"]
        for name, size in gzip.items()
    ]
    total = ["runtime image"] + [f"{sum(x.values()) / 1e6:.1f} MB" for x in (gzip, zstd)]
    print()
    print(table([["layer", "gzip", "zstd"], *layers, total]))
    print(f"\nThe Dockerfile's image as gzip: {docker_size / 1e6:.1f} MB.")
    print(f"Largest build step: {memory.bytes / 1e6:.0f} MB resident (target 1500 MB).")
    return {
        "figures": [figure.as_json() for figure in figures],
        "gzip_bytes": gzip,
        "zstd_bytes": zstd,
        "dockerfile_bytes": docker_size,
        "peak_step_bytes": memory.bytes,
        "peak_step": memory.command,
    }


if __name__ == "__main__":
    main()
