from __future__ import annotations

import ssl
from pathlib import Path
from typing import Dict

import pytest
from astronomer.runtime.health.celery_options import celery_options

_URL = "AIRFLOW__CELERY__BROKER_URL"


@pytest.fixture
def environ(tmp_path: Path) -> Dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path), _URL: "amqp://mq//"}


def test_without_a_word_it_is_airflow_s_own_default(environ: Dict[str, str]) -> None:
    del environ[_URL]
    assert celery_options(environ).config["broker_url"] == "redis://redis:6379/0"


def test_a_command_gives_the_url(environ: Dict[str, str]) -> None:
    del environ[_URL]
    environ[f"{_URL}_CMD"] = "echo redis://broker:6379/0"
    assert celery_options(environ).config["broker_url"] == "redis://broker:6379/0"


def test_the_variable_comes_before_the_secret_as_for_airflow(environ: Dict[str, str]) -> None:
    environ[f"{_URL}_SECRET"] = "path/in/vault"
    assert celery_options(environ).config["broker_url"] == "amqp://mq//"
    del environ[_URL]
    assert celery_options(environ).unknown == "where the broker is"


def test_a_secret_in_airflow_cfg_is_left_to_airflow(environ: Dict[str, str]) -> None:
    del environ[_URL]
    file = Path(environ["AIRFLOW_HOME"], "airflow.cfg")
    file.write_text("[celery]\nbroker_url_secret = path/in/vault\n")
    assert celery_options(environ).unknown == "where the broker is"


@pytest.mark.parametrize("url, prefix", [("amqp://mq//", ""), ("redis://redis/0", "ssl_")])
def test_certificates_have_the_names_of_the_broker_s_client(
    environ: Dict[str, str], url: str, prefix: str
) -> None:
    section = "AIRFLOW__CELERY__SSL_"
    environ.update({_URL: url, f"{section}ACTIVE": "t", f"{section}KEY": "/key"})
    environ.update({f"{section}CERT": "/cert", f"{section}CACERT": "/ca"})
    assert celery_options(environ).config["broker_use_ssl"] == {
        f"{prefix}keyfile": "/key",
        f"{prefix}certfile": "/cert",
        f"{prefix}ca_certs": "/ca",
        f"{prefix}cert_reqs": ssl.CERT_REQUIRED,
    }


def test_options_of_the_transport_come_from_both_places(environ: Dict[str, str]) -> None:
    section = "celery_broker_transport_options"
    file = Path(environ["AIRFLOW_HOME"], "airflow.cfg")
    file.write_text(f"[{section}]\nmaster_name = main\nsocket_timeout = 2.5\nmax_retries = 1\n")
    environ[f"AIRFLOW__{section.upper()}__MAX_RETRIES"] = "3"
    environ[f"AIRFLOW__{section.upper()}__SOCKET_KEEPALIVE"] = "True"
    environ[f"AIRFLOW__{section.upper()}__SENTINEL_KWARGS"] = '{"password": "secret"}'
    assert celery_options(environ).config["broker_transport_options"] == {
        "master_name": "main",
        "max_retries": 3,
        "sentinel_kwargs": {"password": "secret"},
        "socket_keepalive": True,
        "socket_timeout": 2.5,
    }


def test_more_of_celery_s_settings_are_those_of_airflow_3(environ: Dict[str, str]) -> None:
    environ["AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"] = '{"control_exchange": "ours"}'
    assert celery_options(environ).config["control_exchange"] == "ours"
    for value in ("no JSON", "[1]"):
        environ["AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"] = value
        assert celery_options(environ).unknown == "how to connect to the broker"


@pytest.mark.parametrize("option, value", [("WORKER_ENABLE_REMOTE_CONTROL", "f"), ("POOL", "solo")])
def test_some_workers_answer_nothing(environ: Dict[str, str], option: str, value: str) -> None:
    assert celery_options(environ).deaf == ""
    environ[f"AIRFLOW__CELERY__{option}"] = value
    assert celery_options(environ).deaf


def test_a_configuration_of_one_s_own_is_known_to_airflow_alone(environ: Dict[str, str]) -> None:
    name = "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS"
    environ[name] = "astronomer.runtime.high_availability.celery_config.CELERY_CONFIG"
    assert celery_options(environ).unknown == ""
    environ[name] = "include.celery.CONFIG"
    assert celery_options(environ).unknown == "what is in include.celery.CONFIG"
