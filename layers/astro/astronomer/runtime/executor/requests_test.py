from __future__ import annotations

import pytest
from astronomer.runtime.executor.quantities import InvalidQuantity
from astronomer.runtime.executor.requests import Defaults, TaskRequest
from astronomer.runtime.options import InvalidOption


def defaults(**chosen: str) -> Defaults:
    return Defaults(chosen.get)


def test_a_task_that_does_not_ask_takes_one_slot() -> None:
    assert defaults().request({}, "default") == TaskRequest(0, 0, 1)


@pytest.mark.parametrize("config", [None, {}, {"KubernetesExecutor": {}}, object()])
def test_other_executors_configurations_ask_for_nothing(config: object) -> None:
    assert defaults().request(config, "default") == TaskRequest(0, 0, 1)


def test_the_task_s_word_goes_before_its_queue_s_and_that_before_all_tasks() -> None:
    chosen = defaults(
        task_cpu="100m",
        task_memory="256Mi",
        task_slots="2",
        queue_requests='{"etl": {"memory": "1Gi", "slots": 4}}',
    )
    assert chosen.request({}, "default") == TaskRequest(100, 256 * 2**20, 2)
    assert chosen.request({}, "etl") == TaskRequest(100, 2**30, 4)
    assert chosen.request({"astronomer": {"slots": "1"}}, "etl") == TaskRequest(100, 2**30, 1)


@pytest.mark.parametrize("request_", [{"gpu": 1}, {"cpu": "x"}, "1", ["cpu"], {3: 1}])
def test_a_wrong_request_is_refused(request_: object) -> None:
    with pytest.raises(InvalidQuantity):
        defaults().request({"astronomer": request_}, "default")


@pytest.mark.parametrize(
    "name, value",
    [
        ("task_cpu", "-1"),
        ("task_memory", "1XB"),
        ("task_slots", "0"),
        ("queue_requests", "{"),
        ("queue_requests", "[]"),
        ("queue_requests", '{"etl": {"cpu": "x"}}'),
    ],
)
def test_wrong_options_are_named_with_their_variable(name: str, value: str) -> None:
    with pytest.raises(InvalidOption, match=f"AIRFLOW__ASTRONOMER__{name.upper()} is "):
        defaults(**{name: value})
