"""Whatever dies, and however: all tasks run, and none runs twice at once."""

from __future__ import annotations

import json
from typing import Iterator, List

import pytest

from tests.engine.session import Engine
from tests.engine.waiting import wait_for
from tests.high_availability import scenario, work
from tests.high_availability.deployment import Deployment
from tests.high_availability.recovery import recoveries, summary

# Seconds. Half of what the image has: what waits for it is waited for less.
VISIBILITY = 30

_LONG = 75
_END = 1200
_HEALTH = 180


@pytest.fixture(scope="module")
def deployment(
    engine: Engine, runtime_image: str, postgres_image: str, redis_image: str
) -> Iterator[Deployment]:
    images = {"airflow": runtime_image, "postgres": postgres_image, "redis": redis_image}
    settings = {
        **scenario.SETTINGS,
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(VISIBILITY),
    }
    made = Deployment(engine, images, work.dag(_LONG), settings)
    yield made
    made.close()


def test_every_task_runs_whatever_dies(deployment: Deployment) -> None:
    outcome = scenario.play(deployment, _END)
    states = scenario.states(deployment)
    runs = work.executions(deployment.records())
    found = summary(recoveries(outcome.deaths, runs))
    print(json.dumps({**found, "seconds_to_the_end": outcome.seconds}))

    assert outcome.state == "success", f"{states}\n{deployment.logs()}"
    assert states == f"success|{work.SHORT + work.LONG + work.DEFERRED}"
    assert len(runs) == work.SHORT + work.LONG
    assert not work.overlaps(runs)
    # Their worker lived: no message of theirs was given to anybody else.
    assert [len(runs[f"long-{number}"]) for number in range(work.LONG)] == [1] * work.LONG

    ill: List[str] = []

    def healthy() -> bool:
        ill[:] = deployment.ill()
        return not ill

    wait_for(
        "every component to be healthy",
        healthy,
        _HEALTH,
        lambda: "\n".join(ill) + f"\n{deployment.logs()}",
    )
