"""What Airflow reads from its options, found out without importing Airflow.

The names that an option has had, and whether the installed Airflow still reads the old one, follow
from two things alone: the table below, and which names Airflow's own list of defaults has.
"""

from __future__ import annotations

from configparser import ConfigParser, Error, RawConfigParser
from importlib.util import find_spec
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from astronomer.runtime.entrypoint import settings
from astronomer.runtime.entrypoint.identity import airflow_home
from astronomer.runtime.options import configuration_path, variable

Name = Tuple[str, str]
"""Section and option."""

# The name before, which Airflow reads where nobody set the present one. Source:
# `deprecated_options` in airflow/configuration.py, and from Airflow 3 in
# airflow/_shared/configuration/parser.py.
_NAMES_BEFORE: Dict[Name, Tuple[Name, ...]] = {
    ("api", "base_url"): (("webserver", "base_url"),),
    ("api", "host"): (("webserver", "web_server_host"),),
    ("api", "port"): (("webserver", "web_server_port"),),
    ("api", "ssl_cert"): (("webserver", "web_server_ssl_cert"),),
    ("core", "default_pool_task_slot_count"): (("core", "non_pooled_task_slot_count"),),
    ("core", "max_active_tasks_per_dag"): (("core", "dag_concurrency"),),
    ("database", "sql_alchemy_conn"): (("core", "sql_alchemy_conn"),),
    ("database", "sql_alchemy_connect_args"): (("core", "sql_alchemy_connect_args"),),
    ("database", "sql_alchemy_max_overflow"): (("core", "sql_alchemy_max_overflow"),),
    ("database", "sql_alchemy_pool_size"): (("core", "sql_alchemy_pool_size"),),
    ("database", "sql_alchemy_schema"): (("core", "sql_alchemy_schema"),),
    ("logging", "base_log_folder"): (("core", "base_log_folder"),),
    ("logging", "remote_base_log_folder"): (("core", "remote_base_log_folder"),),
    ("logging", "remote_logging"): (("core", "remote_logging"),),
    ("scheduler", "parsing_processes"): (("scheduler", "max_threads"),),
}

# Those that Airflow also takes from a command's output or from a secrets backend. Source:
# `sensitive_config_values` in airflow/configuration.py.
_SENSITIVE = {
    ("celery", "broker_url"),
    ("celery", "result_backend"),
    ("core", "sql_alchemy_conn"),
    ("database", "sql_alchemy_conn"),
}


class Setting(NamedTuple):
    """A value that somebody chose, and where it stands."""

    value: str
    source: str


class OnlyAirflowReads(Exception):
    """The option is in a secrets backend, which only Airflow can ask."""


class Sources:
    """What the environment and the project's `airflow.cfg` say of Airflow's options."""

    def __init__(self, environ: Mapping[str, str], installed: Optional[Path] = None) -> None:
        """Read `AIRFLOW_CONFIG`, or `airflow.cfg` of `AIRFLOW_HOME`.

        Args:
            environ: The component's variables.
            installed: The folder of the package `airflow`; None looks for it.
        """
        self._environ = environ
        self.home = settings.expand(airflow_home(environ))
        self._path = Path(configuration_path(environ))
        self._file = _read(ConfigParser(strict=False), self._path)
        self._defaults = _defaults(installed or _airflow_folder(), self.home)

    def value(self, section: str, option: str) -> str:
        """What Airflow reads: the operator's word, or its own default, or an empty string.

        Args:
            section: The section of the option's newest name, whatever Airflow is installed.
            option: That name.

        Raises:
            OnlyAirflowReads: It is a secret that is kept elsewhere.
            ConfigurationError: The command that prints it fails.
        """
        found = self._found(section, option)
        return self.default(section, option) if found is None else found.value

    def setting(self, section: str, option: str) -> Optional[Setting]:
        """What the operator chose; None where nobody chose. Arguments and errors as for `value`."""
        found = self._found(section, option)
        if found is None or not found.value:
            return None
        # Airflow writes a file of all its defaults where there is none: nobody chose those.
        is_default = found.value == self.default(section, option)
        return None if is_default and found.source == str(self._path) else found

    def default(self, section: str, option: str) -> str:
        """Airflow's own default, or an empty string where it has none."""
        found = (self._defaults.get(name) for name in self.names(section, option))
        return next((value for value in found if value is not None), "")

    def has(self, section: str, option: str) -> bool:
        """Whether the installed Airflow has an option of this very name."""
        return (section, option) in self._defaults

    def names(self, section: str, option: str) -> Tuple[Name, ...]:
        """The names under which the installed Airflow reads an option, its own first."""
        known = ((section, option), *_NAMES_BEFORE.get((section, option), ()))
        for place, name in enumerate(known):
            if name in self._defaults:
                return known[place:]
        return known

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
                chosen[key[len(prefix) :].lower()] = settings.expand(self._environ[key])
        return chosen

    def _found(self, section: str, option: str) -> Optional[Setting]:
        """As Airflow looks: variables of all names, then the file, then the file's commands."""
        names = self.names(section, option)
        places: List[Callable[[Name], Iterator[Setting]]] = [
            self._in_variable,
            self._in_file,
            self._by_command_in_file,
            self._by_secret_in_file,
        ]
        return next((found for place in places for name in names for found in place(name)), None)

    def _in_variable(self, name: Name) -> Iterator[Setting]:
        section, option = name
        key = variable(option, section)
        if key in self._environ:
            yield Setting(settings.expand(self._environ[key]), key)
        elif name in _SENSITIVE:
            found = settings.read(self._environ, key)
            if found:
                yield Setting(found.value, found.variable)
            elif self._environ.get(f"{key}_SECRET"):
                raise OnlyAirflowReads(f"{key}_SECRET")

    def _in_file(self, name: Name) -> Iterator[Setting]:
        value = self._file_value(*name)
        if value is not None:
            yield Setting(settings.expand(value), str(self._path))

    def _by_command_in_file(self, name: Name) -> Iterator[Setting]:
        section, option = name
        command = self._file_value(section, f"{option}_cmd") if name in _SENSITIVE else None
        if command:
            source = f"{self._path}, {option}_cmd"
            yield Setting(settings.output_of(command, source), source)

    def _by_secret_in_file(self, name: Name) -> Iterator[Setting]:
        section, option = name
        if name in _SENSITIVE and self._file_value(section, f"{option}_secret"):
            raise OnlyAirflowReads(f"{self._path}, {option}_secret")
        return iter(())

    def _file_value(self, section: str, option: str) -> Optional[str]:
        try:
            return self._file.get(section, option, fallback=None)
        except Error:
            # A `%` that stands alone: Airflow itself says so, and does not start.
            return None


def _airflow_folder() -> Path:
    spec = find_spec("airflow")
    return Path(spec.origin).parent if spec and spec.origin else Path("airflow")


def _read(parser: RawConfigParser, path: Path) -> RawConfigParser:
    # As in Airflow's parser, names are the same only in the same case.
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read(path, encoding="utf-8")
    except (Error, UnicodeDecodeError, OSError):
        # Airflow itself says what is wrong with its file, and starts or not.
        parser.clear()
    return parser


def _defaults(airflow: Path, home: str) -> Dict[Name, str]:
    """All options that an installed Airflow has, each with its default."""
    templates = airflow / "config_templates"
    # From Airflow 3 that file is a page of comments, and both others hold the options: Airflow's
    # own, and those of providers.
    files = [templates / "default_airflow.cfg", templates / "provider_config_fallback_defaults.cfg"]
    found = {
        (section, option): value
        for path in files
        for section, options in _read(RawConfigParser(strict=False), path).items()
        for option, value in options.items()
    }
    if not any(section == "core" for section, _ in found):
        found.update(_described(templates / "config.yml"))
    return {name: value.replace("{AIRFLOW_HOME}", home) for name, value in found.items()}


def _described(path: Path) -> Iterator[Tuple[Name, str]]:
    if not path.is_file():
        return
    # Imported here: Airflow 2, where it would take longest, does not need it.
    import yaml  # type: ignore[import]  # pants: no-infer-dep

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for section, described in yaml.load(path.read_text(encoding="utf-8"), loader).items():
        for option, description in described["options"].items():
            yield (section, option), str(description["default"] or "")
