from __future__ import annotations

import pytest
from astronomer.runtime import options

VARIABLE = "AIRFLOW__ASTRONOMER__SAMPLE"


def test_an_option_that_nobody_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert options.text("sample", "a") == "a"
    assert options.number("sample", 2.5) == 2.5


def test_an_empty_option_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert options.text("sample") == ""
    assert options.number("sample", 2.5) == 2.5


@pytest.mark.parametrize("value", ["True", "t", " 1 ", "TRUE", "true # for now"])
def test_true_is_what_airflow_takes_for_true(value: str) -> None:
    assert options.is_true(value)


@pytest.mark.parametrize("value", ["False", "f", "0", "", "yes", "on", "2"])
def test_nothing_else_is_true(value: str) -> None:
    assert not options.is_true(value)


@pytest.mark.parametrize("value", ["many", "-1", "nan", "inf"])
def test_a_number_has_a_least_value(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(options.InvalidOption, match="a number of at least 0"):
        options.number("sample", 1)


def test_a_key_to_check_tokens_with_makes_it_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JWT_SIGNING_CERT", "HOUSTON_JWK_URL"):
        monkeypatch.delenv(f"AIRFLOW__ASTRONOMER__{name}", raising=False)
    assert not options.on_platform()
    monkeypatch.setenv("AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT", "/etc/tls.crt")
    assert options.on_platform()
