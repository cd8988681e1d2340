"""Python objects of a project that options of Airflow name, without importing Airflow."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from astronomer.runtime.airflow_options import Sources


def load(path: str, sources: Sources) -> Any:
    """The object at a path such as `package.module.name`; raises whatever its import raises.

    Args:
        path: The option's value.
        sources: Where it stands: Airflow also imports from three folders that options name.
    """
    # Source: `prepare_syspath` in airflow/settings.py.
    for folder in (
        sources.value("core", "dags_folder"),
        os.path.join(sources.home, "config"),
        sources.value("core", "plugins_folder"),
    ):
        if folder not in sys.path:
            sys.path.append(folder)
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
