"""The query for KEDA, as the page has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from astronomer.runtime.testing.allocations import Sql, add_runner, queue_task

DOCUMENTED = Path(__file__).parents[3] / "docs" / "executor_status.md"


@pytest.fixture(scope="module")
def query() -> str:
    """Of the queue `default`, for runners of 4 CPUs, 8 GiB and 16 slots."""
    return DOCUMENTED.read_text().partition("```sql\n")[2].partition("```")[0]


def wanted(sql: Sql, query: str) -> Any:
    ((found,),) = sql(query)
    return found


def test_nothing_to_run_wants_no_runner(sql: Sql, query: str) -> None:
    add_runner(sql)
    queue_task(sql, "of-another", queue="etl")
    assert wanted(sql, query) == 0


@pytest.mark.parametrize(
    "asked, expected",
    [
        ({"slots": 1}, 1),
        ({"slots": 8}, 3),
        ({"cpu_millis": 2500}, 4),
        ({"memory_bytes": 7 * 2**30}, 5),
    ],
)
def test_what_waits_and_runs_wants_runners_by_what_is_scarcest(
    sql: Sql, query: str, asked: Any, expected: int
) -> None:
    for number in range(5):
        queue_task(sql, f"task-{number}", **asked)
    runner = add_runner(sql)
    sql(
        "UPDATE astronomer_allocation SET state='running', runner_id=%s"
        " WHERE task_id IN ('task-0', 'task-1')",
        runner,
    )
    assert wanted(sql, query) == expected


def test_what_ends_or_fits_on_no_runner_wants_none(sql: Sql, query: str) -> None:
    ending = add_runner(sql)
    queue_task(sql, "runs-to-its-end", slots=16)
    sql("UPDATE astronomer_allocation SET state='running', runner_id=%s", ending)
    assert wanted(sql, query) == 1
    sql("UPDATE astronomer_runner SET state='draining'")
    assert wanted(sql, query) == 0
    queue_task(sql, "larger-than-any", memory_bytes=9 * 2**30)
    assert wanted(sql, query) == 0


def test_a_runner_with_tasks_counts_however_little_they_ask_for(sql: Sql, query: str) -> None:
    for number in range(3):
        queue_task(sql, f"task-{number}")
        sql(
            "UPDATE astronomer_allocation SET state='running', runner_id=%s"
            " WHERE state = 'unassigned'",
            add_runner(sql, f"runner-{number}"),
        )
    assert wanted(sql, query) == 3
