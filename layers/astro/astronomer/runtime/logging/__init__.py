"""Task logs that outlive their worker, and records for machines to read beside them.

The platform names `astronomer.runtime.logging.logging_config`: the configuration is an attribute of
this package, since Airflow imports it by that path.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Make `logging_config` when it is asked for, as the operator's options say.

    Not at import: that imports Airflow, which asks for the attribute before it would be there.
    """
    if name != "logging_config":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Whole, where it is not yet: while it is imported it asks for the attribute itself.
    import airflow  # noqa: F401
    from astronomer.runtime import options
    from astronomer.runtime.executor import dag_requests
    from astronomer.runtime.logging.configuration import task_logging

    # Airflow asks for this in every process, after the project's own settings and before any DAG.
    dag_requests.install()

    return task_logging(options.text("task_log_json"))
