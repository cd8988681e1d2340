"""Airflow's logging configuration, with what this package adds for the logs of tasks."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Dict

from airflow.config_templates import airflow_local_settings
from astronomer.runtime.airflow_version import airflow_version
from astronomer.runtime.logging import stores

JSON_HANDLER = "astronomer_json"


def task_logging(json_target: str) -> Dict[str, Any]:
    """The configuration that `logging.config.dictConfig` takes.

    Task logs are shipped while the task runs where Airflow's own options name a remote log folder
    of a kind that this package serves.

    Args:
        json_target: `stdout`, a folder, or empty: where the JSON records go.
    """
    config: Dict[str, Any] = deepcopy(airflow_local_settings.DEFAULT_LOGGING_CONFIG)
    if airflow_local_settings.REMOTE_LOGGING:
        base = airflow_local_settings.REMOTE_BASE_LOG_FOLDER
        if stores.kind(base):
            config["handlers"]["task"] = _shipped(config["handlers"]["task"], base)
            _write_lines_in_less_time(config)
    if json_target:
        config["handlers"][JSON_HANDLER] = {
            "class": "astronomer.runtime.logging.json_handler.TaskJsonHandler",
            "target": json_target,
            # The same as those of the log that people read: a secret is masked in both.
            "filters": list(config["handlers"]["task"].get("filters", [])),
        }
        config["loggers"]["airflow.task"]["handlers"].append(JSON_HANDLER)
        _write_lines_in_less_time(config)
    return config


def _write_lines_in_less_time(config: Dict[str, Any]) -> None:
    # Where Airflow has a formatter of its own, it is that.
    formatter = "astronomer.runtime.logging.line_format.LineFormatter"
    config["formatters"]["airflow"].setdefault("class", formatter)


def _shipped(stock: Dict[str, Any], base: str) -> Dict[str, Any]:
    kept = ["formatter", "base_log_folder"]
    if airflow_version() < (2, 3, 0):
        kept.append("filename_template")
    return {
        **{name: stock[name] for name in kept},
        "class": "astronomer.runtime.logging.task_handler.ShippedTaskHandler",
        "remote_base": base,
        "filters": ["mask_secrets"],
    }
