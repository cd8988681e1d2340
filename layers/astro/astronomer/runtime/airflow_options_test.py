from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import airflow
import pytest
from airflow.configuration import (
    AirflowConfigParser,
    _parameterized_config_from_template,
    get_airflow_config,
)
from astronomer.runtime.airflow_options import OnlyAirflowReads, Sources
from astronomer.runtime.conftest import airflow_3
from astronomer.runtime.errors import ConfigurationError

INSTALLED = Path(airflow.__file__).parent

PORT = ("webserver", "web_server_port")
CERTIFICATE = ("webserver", "web_server_ssl_cert")
CONNECTION = ("core", "sql_alchemy_conn")
BROKER = ("celery", "broker_url")


@pytest.fixture
def environ(tmp_path: Path) -> Dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path)}


@pytest.fixture
def by_airflow(
    environ: Dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Any]:
    """What Airflow itself reads from `environ` and from the file that it names."""

    def read(section: str, option: str) -> Any:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        home = environ["AIRFLOW_HOME"]
        monkeypatch.setattr("airflow.configuration.AIRFLOW_HOME", home)
        template = _parameterized_config_from_template("default_airflow.cfg")
        parser = AirflowConfigParser(default_config=template)
        parser.read(get_airflow_config(home))
        return parser.get(section, option)

    return read


def own_name(name: Tuple[str, str]) -> Tuple[str, str]:
    """The installed Airflow's name of what older ones had in another section."""
    moved = ("database", name[1])
    return moved if Sources({}, INSTALLED).has(*moved) else name


@pytest.mark.parametrize(
    "name, variables, file",
    [
        (PORT, {}, ""),
        (PORT, {"AIRFLOW__WEBSERVER__WEB_SERVER_PORT": "81"}, ""),
        (
            PORT,
            {"AIRFLOW__WEBSERVER__WEB_SERVER_PORT": "81"},
            "[webserver]\nweb_server_port = 82",
        ),
        (PORT, {"AIRFLOW__WEBSERVER__WEB_SERVER_PORT_CMD": "echo 81"}, ""),
        (PORT, {}, "[webserver]\nweb_server_port = 82"),
        (PORT, {}, "[webserver]\nWEB_SERVER_PORT = 82"),
        (PORT, {}, "[webserver]\nweb_server_port_cmd = echo 82"),
        (PORT, {"OTHER": "83"}, "[webserver]\nweb_server_port = $OTHER"),
        (PORT, {}, "[webserver]\nother = 84\nweb_server_port = %(other)s"),
        (PORT, {"AIRFLOW__API__PORT": "85"}, "[api]\nport = 86"),
        (CERTIFICATE, {"AIRFLOW__WEBSERVER__WEB_SERVER_SSL_CERT": ""}, ""),
        (
            CERTIFICATE,
            {"AIRFLOW__WEBSERVER__WEB_SERVER_SSL_CERT": ""},
            "[webserver]\nweb_server_ssl_cert = /c.pem",
        ),
        (CONNECTION, {"AIRFLOW__CORE__SQL_ALCHEMY_CONN": "a://b"}, ""),
        (CONNECTION, {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "a://b"}, ""),
        (CONNECTION, {"AIRFLOW__CORE__SQL_ALCHEMY_CONN_CMD": "printf a://b"}, ""),
        (CONNECTION, {}, "[core]\nsql_alchemy_conn = a://b"),
        (CONNECTION, {}, "[database]\nsql_alchemy_conn = a://b"),
        (
            CONNECTION,
            {},
            "[database]\nsql_alchemy_conn = a://n\n[core]\nsql_alchemy_conn = a://o",
        ),
        (CONNECTION, {}, "[core]\nsql_alchemy_conn = a://user:p%%40ss@b"),
        (CONNECTION, {}, "[core]\nsql_alchemy_conn_cmd = printf a://b"),
        (
            CONNECTION,
            {"AIRFLOW__CORE__SQL_ALCHEMY_CONN": "a://v"},
            "[database]\nsql_alchemy_conn = a://f",
        ),
        (BROKER, {}, ""),
        (BROKER, {"AIRFLOW__CELERY__BROKER_URL_CMD": "printf redis://b"}, ""),
        (BROKER, {}, "[celery]\nbroker_url_cmd = printf redis://b"),
        (
            ("core", "executor"),
            {"AIRFLOW__CORE__EXECUTOR_CMD": "printf CeleryExecutor"},
            "",
        ),
        (
            ("core", "max_active_tasks_per_dag"),
            {"AIRFLOW__CORE__DAG_CONCURRENCY": "7"},
            "",
        ),
        (
            ("celery", "worker_concurrency"),
            {"AIRFLOW__CELERY__CELERYD_CONCURRENCY": "7"},
            "",
        ),
        (
            ("logging", "base_log_folder"),
            {},
            "[core]\nbase_log_folder = {AIRFLOW_HOME}/x",
        ),
    ],
)
def test_an_option_is_what_airflow_reads(
    environ: Dict[str, str],
    by_airflow: Callable[[str, str], Any],
    name: Tuple[str, str],
    variables: Dict[str, str],
    file: str,
) -> None:
    environ.update(variables)
    Path(environ["AIRFLOW_HOME"], "airflow.cfg").write_text(file)
    newest = {PORT: ("api", "port"), CERTIFICATE: ("api", "ssl_cert")}.get(name)
    if newest is None:
        newest = ("database", name[1]) if name == CONNECTION else name
    expected = by_airflow(*own_name(name))
    assert Sources(environ, INSTALLED).value(*newest) == expected


def test_a_file_elsewhere_is_read(
    environ: Dict[str, str], by_airflow: Callable[[str, str], Any], tmp_path: Path
) -> None:
    environ.update(AIRFLOW_CONFIG="$PLACE/mine.cfg", PLACE=str(tmp_path))
    (tmp_path / "mine.cfg").write_text("[webserver]\nweb_server_port = 82\n")
    assert by_airflow(*PORT) == "82"
    assert Sources(environ, INSTALLED).value("api", "port") == "82"


@pytest.mark.parametrize(
    "variables, file",
    [
        ({"AIRFLOW__CELERY__BROKER_URL_SECRET": "path"}, ""),
        ({}, "[celery]\nbroker_url_secret = path\n"),
    ],
)
def test_a_secret_is_left_to_airflow(
    environ: Dict[str, str], variables: Dict[str, str], file: str
) -> None:
    Path(environ["AIRFLOW_HOME"], "airflow.cfg").write_text(file)
    with pytest.raises(OnlyAirflowReads):
        Sources({**environ, **variables}, INSTALLED).value("celery", "broker_url")


def test_a_command_that_fails_is_told_with_its_place(environ: Dict[str, str]) -> None:
    path = Path(environ["AIRFLOW_HOME"], "airflow.cfg")
    path.write_text("[celery]\nbroker_url_cmd = false\n")
    with pytest.raises(ConfigurationError, match="airflow.cfg, broker_url_cmd failed"):
        Sources(environ, INSTALLED).value("celery", "broker_url")


@pytest.mark.parametrize(
    "variables, file, port",
    [
        ({}, "", "8080"),
        ({"AIRFLOW__API__PORT": "81"}, "", "81"),
        ({"AIRFLOW__WEBSERVER__WEB_SERVER_PORT": "82"}, "", "82"),
        ({}, "[api]\nport = 83\n[webserver]\nweb_server_port = 84", "83"),
        ({}, "[webserver]\nweb_server_port = 84", "84"),
    ],
)
def test_airflow_3_reads_the_port_of_the_webserver_too(
    environ: Dict[str, str],
    tmp_path: Path,
    variables: Dict[str, str],
    file: str,
    port: str,
) -> None:
    Path(environ["AIRFLOW_HOME"], "airflow.cfg").write_text(file)
    sources = Sources({**environ, **variables}, airflow_3(tmp_path))
    assert sources.value("api", "port") == port


def test_the_defaults_of_airflow_3_are_known(environ: Dict[str, str], tmp_path: Path) -> None:
    sources = Sources(environ, airflow_3(tmp_path))
    assert sources.default("core", "executor") == "LocalExecutor"
    assert sources.default("celery", "worker_concurrency") == "16"
    assert sources.default("database", "sql_alchemy_conn") == f"sqlite:///{tmp_path}/airflow.db"
    assert not sources.has("webserver", "workers")
