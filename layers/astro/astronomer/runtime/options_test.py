from __future__ import annotations

import pytest
from astronomer.runtime import options

VARIABLE = "AIRFLOW__ASTRONOMER__SAMPLE"


def test_an_option_that_nobody_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert options.text("sample", "a") == "a"
    assert options.flag("sample", True) is True
    assert options.number("sample", 2.5) == 2.5


def test_an_empty_option_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert options.text("sample") == ""
    assert options.flag("sample", True) is True
    assert options.number("sample", 2.5) == 2.5


@pytest.mark.parametrize("value, meaning", [("True", True), ("f", False), (" 0 ", False)])
def test_a_flag_is_written_as_airflow_writes_them(
    monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    assert options.flag("sample", not meaning) is meaning


@pytest.mark.parametrize("value", ["yes", "2"])
def test_another_word_is_no_flag(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(options.InvalidOption, match=f"{VARIABLE} is '{value}'; set it to True or"):
        options.flag("sample", True)


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
