"""What a warm parent loads that has no more than Airflow's command line, as Celery's pool has."""

from __future__ import annotations

from astronomer.runtime.executor.isolation.airflow_tasks import arguments, project_files, run

__all__ = ["arguments", "project_files", "run", "warm_up"]


def warm_up() -> None:
    from airflow import settings
    from airflow.cli.cli_parser import get_parser

    get_parser()
    settings.dispose_orm()
