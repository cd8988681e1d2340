"""Who has set an option of Airflow's, a variable, the project's `airflow.cfg` or nobody, found out
without importing Airflow."""

from __future__ import annotations

from configparser import ConfigParser, Error
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, Iterator, Mapping, NamedTuple, Optional, Tuple

from astronomer.runtime.entrypoint.settings import expand
from astronomer.runtime.options import variable

# Airflow reads the old name where the new one is not set. Source: `deprecated_options` in
# airflow/configuration.py.
_OTHER_NAMES = {
    ("celery", "worker_concurrency"): (("celery", "celeryd_concurrency"),),
    ("core", "default_pool_task_slot_count"): (("core", "non_pooled_task_slot_count"),),
    ("core", "max_active_tasks_per_dag"): (("core", "dag_concurrency"),),
    ("database", "sql_alchemy_conn"): (("core", "sql_alchemy_conn"),),
    ("database", "sql_alchemy_max_overflow"): (("core", "sql_alchemy_max_overflow"),),
    ("database", "sql_alchemy_pool_size"): (("core", "sql_alchemy_pool_size"),),
    ("scheduler", "parsing_processes"): (("scheduler", "max_threads"),),
}

NAMES_BY_RELEASE = {"sql_alchemy_max_overflow", "sql_alchemy_pool_size"}
"""Options whose section changed with Airflow 2.3.0: both names are set, for either to read."""


class Setting(NamedTuple):
    """A value that somebody chose, and where it stands."""

    value: str
    source: str


def names(section: str, option: str) -> Tuple[Tuple[str, str], ...]:
    """All names of an option, the present one first."""
    return ((section, option), *_OTHER_NAMES.get((section, option), ()))


class Sources:
    """What the environment and the project's `airflow.cfg` say of Airflow's options."""

    def __init__(self, environ: Mapping[str, str], installed: Optional[Path] = None) -> None:
        """Read `airflow.cfg` of `AIRFLOW_HOME`.

        Args:
            environ: The component's variables.
            installed: The folder of the package `airflow`; None looks for it.
        """
        self._environ = environ
        home = environ.get("AIRFLOW_HOME") or "~/airflow"
        self._path = Path(environ.get("AIRFLOW_CONFIG") or Path(home, "airflow.cfg")).expanduser()
        self._file = _read(self._path)
        template = (installed or _airflow_folder()) / "config_templates/default_airflow.cfg"
        self._defaults = _read(template)

    def setting(self, section: str, option: str) -> Optional[Setting]:
        """What the operator chose, as Airflow would find it; None where nobody chose."""
        return next(self._settings(section, option), None)

    def default(self, section: str, option: str) -> str:
        """Airflow's own default, or an empty string where it has none."""
        found = (_get(self._defaults, *name) for name in names(section, option))
        return next((value for value in found if value is not None), "")

    def value(self, section: str, option: str) -> str:
        """What Airflow has for an option; an empty string where it has none."""
        found = self.setting(section, option)
        return found.value if found else expand(self.default(section, option))

    def section(self, name: str) -> Dict[str, str]:
        """All options of a section that the operator chose, by name.

        Source: `getsection` in airflow/configuration.py.
        """
        chosen = {}
        if self._file.has_section(name):
            for option in self._file.options(name):
                setting = self.setting(name, option)
                if setting:
                    chosen[option] = setting.value
        prefix = variable("", name)
        for key in sorted(self._environ):
            if key.startswith(prefix):
                chosen[key[len(prefix) :].lower()] = expand(self._environ[key])
        return chosen

    def _settings(self, section: str, option: str) -> Iterator[Setting]:
        # Airflow reads `_CMD` and `_SECRET` for sensitive options alone, and these are none.
        for place, name in names(section, option):
            key = variable(name, place)
            if self._environ.get(key):
                yield Setting(expand(self._environ[key]), key)
        for place, name in names(section, option):
            value = _get(self._file, place, name)
            # Airflow writes a file of all its defaults where there is none: nobody chose those.
            if value is not None and value != _get(self._defaults, place, name):
                yield Setting(_interpolated(self._file, place, name), str(self._path))


def _airflow_folder() -> Path:
    spec = find_spec("airflow")
    return Path(spec.origin).parent if spec and spec.origin else Path("airflow")


def _read(path: Path) -> ConfigParser:
    parser = ConfigParser(strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (Error, UnicodeDecodeError, OSError):
        # Airflow itself says what is wrong with its file, and starts or not.
        return ConfigParser()
    return parser


def _get(parser: ConfigParser, section: str, option: str) -> Optional[str]:
    return parser.get(section, option, raw=True, fallback=None)


def _interpolated(parser: ConfigParser, section: str, option: str) -> str:
    """A value as Airflow reads it: `%%` stands for `%`, and variables are expanded."""
    try:
        return expand(parser.get(section, option))
    except Error:
        return parser.get(section, option, raw=True)
