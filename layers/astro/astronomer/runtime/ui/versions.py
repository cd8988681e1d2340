"""What is running, in the words of the footer."""

from __future__ import annotations

import os

from astronomer.runtime import options


def version_line() -> str:
    """For example `Astronomer Runtime 5.0.6 based on Airflow 2.3.3`.

    Airflow's local version part, where a release carries fixes of ours, is shown as it is.
    """
    from airflow.version import version

    runtime = os.environ.get("ASTRONOMER_RUNTIME_VERSION") or "(unknown version)"
    return f"Astronomer Runtime {runtime} based on Airflow {version}"


def image_tag() -> str:
    """The tag that the project's image was deployed with; empty where nobody told."""
    return options.text("image_tag")
