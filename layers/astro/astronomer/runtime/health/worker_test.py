from __future__ import annotations

import socket

import pytest
from astronomer.runtime.health.worker import check_worker, node_name

HOST = socket.gethostname()


@pytest.mark.parametrize(
    "argv, name",
    [
        ([], f"celery@{HOST}"),
        (["celery", "worker", "--celery-hostname", "w1"], "celery@w1"),
        (["-H", "w1@%h"], f"w1@{HOST}"),
        (["--celery-hostname=w2@pod"], "w2@pod"),
    ],
)
def test_a_worker_is_asked_by_the_name_that_celery_gives_it(argv: "list[str]", name: str) -> None:
    assert node_name(argv) == name


def test_a_broker_that_is_down_is_not_the_worker_s_fault() -> None:
    environ = {"AIRFLOW__CELERY__BROKER_URL": "redis://:secret@127.0.0.1:9/0"}
    health = check_worker([], environ, 5)
    assert (health.passes(live=True), health.passes(live=False)) == (True, False)
    assert "secret" not in health.reason
