"""Task logs for machines to read, beside those that people read.

The platform names `astronomer.runtime.logging.logging_config`: the configuration is an attribute of
this package, since Airflow imports it by that path.
"""

from __future__ import annotations

from astronomer.runtime import options
from astronomer.runtime.logging.configuration import with_json_records

logging_config = with_json_records(options.text("task_log_json"))
"""Airflow's logging configuration, with JSON records as the option `task_log_json` says."""
