"""Measures what our package costs a start of Airflow: `./pants run benchmarks/startup.py`.

Two containers of one image, one of them without the package and its settings, run `airflow version`
in turn: as `docker exec` does, and through the entrypoint as `docker run` does. Prints a table;
`--json` prints what it says for machines. Takes about five minutes, and the images of
`./pants package versions/5.0.6::`.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

from benchmarks.measure import table
from tests.engine.container import Container
from tests.engine.discover import engine_address
from tests.engine.session import Engine, engine_session
from versions.macros import TESTED_RELEASE

_PACKAGES = "/usr/local/lib/python3.9/dist-packages"
_REMOVE = f"rm -r {_PACKAGES}/astronomer/runtime {_PACKAGES}/astronomer_runtime-*"

# What the image's environment says that only our package can do.
_UNSET = [
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS",
    "AIRFLOW__LINEAGE__BACKEND",
    "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS",
    "OPENLINEAGE_CONFIG",
]

_VERSION = ["airflow", "version"]


class Way(NamedTuple):
    """A way to start `airflow version`, with the package and without it."""

    what: str
    with_us: Sequence[str]
    without_us: Sequence[str]


WAYS = [
    Way("docker exec", _VERSION, _VERSION),
    Way("docker run: entrypoint first", ["/entrypoint", *_VERSION], _VERSION),
]


class Times(NamedTuple):
    """Seconds of one run."""

    wall: float
    cpu: float


def run(container: Container, argv: Sequence[str]) -> Times:
    """One start, timed inside the container."""
    script = 'TIMEFORMAT="%R %U %S"; time "$@" > /dev/null 2> /dev/null'
    printed = container.exec(["bash", "-c", script, "bash", *argv], seconds=300).checked().stderr
    wall, user, system = map(float, printed.split())
    return Times(wall, user + system)


def measure(engine: Engine, image: str, count: int) -> List[Dict[str, object]]:
    """Take turns; what each way costs."""
    with engine.start(image, ["infinity"], entrypoint=["sleep"]) as ours, engine.start(
        image, ["infinity"], entrypoint=["sleep"]
    ) as stock:
        stock.exec(["sh", "-c", _REMOVE], user="root").checked()
        without = ["env", *(f"--unset={name}" for name in _UNSET)]
        report = []
        for way in WAYS:
            pairs = [
                (run(ours, way.with_us), run(stock, [*without, *way.without_us]))
                for _ in range(count + 1)
                # The first start reads everything from the disk.
            ][1:]
            report.append(_figures(way.what, pairs))
        return report


def _figures(what: str, pairs: "List[tuple[Times, Times]]") -> Dict[str, object]:
    found: Dict[str, object] = {"what": what, "runs": len(pairs)}
    for kind in ("wall", "cpu"):
        ours = [getattr(one, kind) for one, _ in pairs]
        stock = [getattr(other, kind) for _, other in pairs]
        found[f"{kind}_seconds"] = round(statistics.median(ours), 3)
        found[f"{kind}_seconds_without"] = round(statistics.median(stock), 3)
        ratios = [mine / other for mine, other in zip(ours, stock)]
        found[f"{kind}_ratio"] = round(statistics.median(ratios), 3)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for machines to read")
    parser.add_argument("--runs", type=int, default=15, help="pairs of each way (default: 15)")
    arguments = parser.parse_args()
    with engine_address() as address, engine_session(address) as engine:
        image = engine.load(Path(f"dist/images/{TESTED_RELEASE}"))
        report = measure(engine, image, arguments.runs)
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    head = ["`airflow version`", "seconds", "without", "ratio", "CPU seconds", "without", "ratio"]
    keys = ["what"]
    for kind in ("wall", "cpu"):
        keys += [f"{kind}_seconds", f"{kind}_seconds_without", f"{kind}_ratio"]
    print(table([head, *([str(each[key]) for key in keys] for each in report)]))


if __name__ == "__main__":
    main()
