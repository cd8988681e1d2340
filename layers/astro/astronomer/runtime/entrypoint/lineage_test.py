from __future__ import annotations

from typing import Dict

import pytest
from astronomer.runtime.entrypoint.lineage import disable_unused_lineage

OURS = "/usr/local/lib/python3.9/dist-packages/astronomer/runtime/lineage/openlineage.yml"


@pytest.mark.parametrize("environ", [{}, {"OPENLINEAGE_URL": " "}, {"MARQUEZ_URL": ""}])
def test_without_a_server_tasks_do_not_load_openlineage(environ: Dict[str, str]) -> None:
    environ["OPENLINEAGE_CONFIG"] = OURS
    disable_unused_lineage(environ)
    assert environ["OPENLINEAGE_DISABLED"] == "true"


@pytest.mark.parametrize(
    "environ",
    [
        {"OPENLINEAGE_URL": "http://marquez:5000", "OPENLINEAGE_CONFIG": OURS},
        {"MARQUEZ_URL": "http://marquez:5000", "OPENLINEAGE_CONFIG": OURS},
        {"OPENLINEAGE_CONFIG": "/usr/local/airflow/openlineage.yml"},
    ],
)
def test_a_server_or_a_configuration_of_the_operator_is_used(environ: Dict[str, str]) -> None:
    disable_unused_lineage(environ)
    assert "OPENLINEAGE_DISABLED" not in environ


@pytest.mark.parametrize(
    "environ",
    [
        # What names one may also stand in airflow.cfg, or in a connection.
        {},
        {"AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "http", "url": "http://marquez:5000"}'},
        {"AIRFLOW__OPENLINEAGE__CONFIG_PATH": "/usr/local/airflow/openlineage.yml"},
        {"AIRFLOW__OPENLINEAGE__CONFIG_CONN_ID": "marquez"},
        {"OPENLINEAGE__TRANSPORT__TYPE": "http"},
    ],
)
def test_an_image_without_our_configuration_is_left_alone(environ: Dict[str, str]) -> None:
    before = dict(environ)
    disable_unused_lineage(environ)
    assert environ == before


def test_the_operator_s_own_word_is_kept() -> None:
    environ = {"OPENLINEAGE_DISABLED": "false", "OPENLINEAGE_CONFIG": OURS}
    disable_unused_lineage(environ)
    assert environ["OPENLINEAGE_DISABLED"] == "false"
