from __future__ import annotations

import airflow.version
import pytest
from astronomer.runtime.airflow_version import UnsupportedAirflow, airflow_version, check_patched


def test_it_is_the_version_that_airflow_tells_of_itself() -> None:
    assert ".".join(map(str, airflow_version())) == airflow.version.version


def test_a_patch_for_all_supported_releases_fits_the_installed_one() -> None:
    check_patched("airflow.jobs.Example")


def test_a_patch_for_other_releases_is_refused() -> None:
    with pytest.raises(UnsupportedAirflow, match="the patch of airflow.jobs.Example is for 1.0.0"):
        check_patched("airflow.jobs.Example", (1, 0, 0), (1, 10, 15))
