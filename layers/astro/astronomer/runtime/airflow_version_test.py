from __future__ import annotations

import airflow.version
from astronomer.runtime.airflow_version import airflow_version


def test_it_is_the_version_that_airflow_tells_of_itself() -> None:
    assert ".".join(map(str, airflow_version())) == airflow.version.version
