from __future__ import annotations

import threading

import pytest
from astronomer.runtime.entrypoint.services import Probe, Service
from astronomer.runtime.entrypoint.waiting import wait_for
from astronomer.runtime.errors import NotReadyError


def service(probe: Probe) -> Service:
    return Service("broker", "redis:6379", "AIRFLOW__CELERY__BROKER_URL", probe)


def test_a_service_that_comes_up_ends_the_wait(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter(["connection refused", None])

    wait_for(service(lambda: next(answers)), 30)

    assert next(answers, "all asked") == "all asked"
    assert "waiting for the broker at redis:6379: connection refused" in capsys.readouterr().err


def test_a_service_that_is_there_is_not_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    wait_for(service(lambda: None), 30)

    assert capsys.readouterr().err == ""


def test_giving_up_names_place_reason_and_variables() -> None:
    with pytest.raises(NotReadyError) as error:
        wait_for(service(lambda: "connection refused"), 0.1)

    assert str(error.value) == (
        "gave up after 0.1 s of waiting for the broker at redis:6379: connection refused; "
        "see that it runs and that AIRFLOW__CELERY__BROKER_URL is right, "
        "or set ASTRONOMER_RUNTIME_WAIT_TIMEOUT to more seconds."
    )


def test_a_service_that_never_answers_is_given_up_too() -> None:
    def never() -> str | None:
        threading.Event().wait()
        return None

    with pytest.raises(NotReadyError, match="no answer"):
        wait_for(service(never), 0.1)


def test_no_time_means_no_wait() -> None:
    wait_for(service(lambda: "connection refused"), 0)
