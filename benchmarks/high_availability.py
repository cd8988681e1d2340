"""Measures the recovery from deaths: `./pants run benchmarks/high_availability.py`.

Plays what `tests/high_availability` tests, with the image's defaults, then with Airflow's own.
Prints a table, and writes what it says as JSON to `dist/benchmarks/high_availability.json`. Takes
up to an hour: with Airflow's defaults the run is given up after `--seconds`. Needs the images of
`./pants package versions/5.0.6:: tests/images::`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Dict, List

from benchmarks.measure import table
from tests.engine.discover import engine_address
from tests.engine.session import Engine, engine_session
from tests.high_availability import scenario, work
from tests.high_availability.deployment import Deployment
from tests.high_availability.recovery import recoveries, summary
from versions.macros import TESTED_RELEASE

# More than twice the visibility timeout of the image.
_LONG = 130

_FIGURES = {
    "state": "the run",
    "states": "its tasks",
    "seconds_to_the_end": "seconds from the last death to the end",
    "twice": "tasks that ran twice at once",
    "long_again": "long tasks that ran again",
    "interrupted": "interrupted tasks that began again",
    "interrupted_median_seconds": "their seconds to that, median",
    "interrupted_most_seconds": "the same, most",
    "pause_median_seconds": "seconds from a death to the next task, median",
    "pause_most_seconds": "the same, most",
    "deferred_late_seconds": "seconds that deferred tasks were late",
    "ill": "components that are not healthy at the end",
}


def play(engine: Engine, stock: bool, seconds: float) -> Dict[str, object]:
    """One run; what came of it."""
    images = {name: engine.load(Path("dist/images", name)) for name in ("postgres", "redis")}
    images["airflow"] = engine.load(Path(f"dist/images/{TESTED_RELEASE}"))
    deployment = Deployment(engine, images, work.dag(_LONG), scenario.SETTINGS, stock)
    try:
        outcome = scenario.play(deployment, seconds, lambda text: print(text, file=sys.stderr))
        runs = work.executions(deployment.records())
        return {
            "state": outcome.state or "never ended",
            "states": scenario.states(deployment).replace("\n", ", ").replace("|", " "),
            "seconds_to_the_end": outcome.seconds,
            "twice": len(work.overlaps(runs)),
            "long_again": sum(len(runs[f"long-{n}"]) - 1 for n in range(work.LONG)),
            "deferred_late_seconds": scenario.lateness(deployment),
            "ill": deployment.ill(),
            **summary(recoveries(outcome.deaths, runs)),
        }
    finally:
        deployment.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--only", choices=("ours", "stock"), help="one of the two")
    parser.add_argument("--seconds", type=float, default=900, help="until a run is given up")
    arguments = parser.parse_args()
    report: Dict[str, Dict[str, object]] = {}
    with engine_address() as address, engine_session(address) as engine:
        for name in [arguments.only] if arguments.only else ["ours", "stock"]:
            report[name] = play(engine, name == "stock", arguments.seconds)
    output = Path("dist/benchmarks/high_availability.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(report, indent=2) + "\n")
    rows: List[List[str]] = [
        [text, *(str(each[key]) for each in report.values())] for key, text in _FIGURES.items()
    ]
    print(json.dumps(report) if arguments.json else table([["what", *report], *rows]))


if __name__ == "__main__":
    main()
