"""Airflow's logging configuration with a second handler for task logs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Dict

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG

HANDLER = "astronomer_json"


def with_json_records(target: str) -> Dict[str, Any]:
    """The configuration that `logging.config.dictConfig` takes.

    Args:
        target: `stdout`, a folder, or empty for Airflow's own configuration.
    """
    config: Dict[str, Any] = deepcopy(DEFAULT_LOGGING_CONFIG)
    if not target:
        return config
    config["handlers"][HANDLER] = {
        "class": "astronomer.runtime.logging.json_handler.TaskJsonHandler",
        "target": target,
        # The same as those of the log that people read: a secret is masked in both.
        "filters": list(config["handlers"]["task"].get("filters", [])),
    }
    config["loggers"]["airflow.task"]["handlers"].append(HANDLER)
    return config
