from __future__ import annotations

from typing import Dict

import pytest
from astronomer.runtime.entrypoint.lineage import leave_lineage_out

OURS = "/usr/local/lib/python3.9/dist-packages/astronomer/runtime/lineage/openlineage.yml"


@pytest.mark.parametrize("environ", [{}, {"OPENLINEAGE_CONFIG": OURS}, {"OPENLINEAGE_URL": " "}])
def test_without_a_server_tasks_do_not_load_openlineage(environ: Dict[str, str]) -> None:
    leave_lineage_out(environ)
    assert environ["OPENLINEAGE_DISABLED"] == "true"


@pytest.mark.parametrize(
    "environ",
    [
        {"OPENLINEAGE_URL": "http://marquez:5000"},
        {"MARQUEZ_URL": "http://marquez:5000"},
        {"OPENLINEAGE_CONFIG": "/usr/local/airflow/openlineage.yml"},
    ],
)
def test_a_server_or_a_configuration_of_the_operator_is_used(environ: Dict[str, str]) -> None:
    leave_lineage_out(environ)
    assert "OPENLINEAGE_DISABLED" not in environ


def test_the_operator_s_own_word_is_kept() -> None:
    environ = {"OPENLINEAGE_DISABLED": "false"}
    leave_lineage_out(environ)
    assert environ["OPENLINEAGE_DISABLED"] == "false"
