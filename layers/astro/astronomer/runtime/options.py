"""The operator's options: section `[astronomer]` of Airflow's configuration.

Each is set by `AIRFLOW__ASTRONOMER__<NAME>`, in `airflow.cfg`, or, where it is a secret's place,
by whatever else Airflow reads options from.
"""

from __future__ import annotations

import os

from astronomer.runtime.entrypoint.identity import airflow_home
from astronomer.runtime.entrypoint.settings import expand
from astronomer.runtime.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Optional

    Reader = Callable[[str], Optional[str]]
    """Gives what an option holds; None or an empty text where nobody set it."""

SECTION = "astronomer"


PLATFORM_KEYS = ("jwt_signing_cert", "houston_jwk_url")
"""Options that name a key to check tokens with."""

_OTHER_FORMS = ("_cmd", "_secret")


def variable(name: str, section: str = SECTION) -> str:
    """The environment variable that sets the option `name`."""
    return f"AIRFLOW__{section.upper()}__{name.upper()}"


def configuration_path(environ: Mapping[str, str]) -> str:
    """Where `airflow.cfg` is, or would be, for a process with these variables."""
    path = environ.get("AIRFLOW_CONFIG") or os.path.join(airflow_home(environ), "airflow.cfg")
    return expand(path)


def from_airflow(name: str) -> str:
    """What Airflow's configuration says; a variable that is empty counts as one that is not set."""
    from configparser import ConfigParser, InterpolationError

    from airflow.configuration import conf

    try:
        value = str(conf.get(SECTION, name, fallback="") or "").strip()
        # For Airflow, an empty variable hides what stands in the file.
        return value or ConfigParser.get(conf, SECTION, name, fallback="")
    except InterpolationError:
        raise InvalidOption(name, "in airflow.cfg with a single %", "the same with each % doubled")


def text(name: str, default: str = "", read: Reader = from_airflow) -> str:
    """The option as it was written, without white space around it.

    Args:
        name: The option.
        default: What it is where nobody set it.
        read: Where to read it.
    """
    return str(read(name) or "").strip() or default


def is_true(value: str) -> bool:
    """Whether Airflow takes what an option or a variable holds for true: `True`, `t` or `1`.

    Source: `getboolean` in airflow/configuration.py, which also ignores what follows a `#`.
    """
    return value.partition("#")[0].strip().lower() in ("t", "true", "1")


def number(
    name: str,
    default: float,
    minimum: float = 0,
    maximum: float = float("inf"),
    read: Reader = from_airflow,
) -> float:
    """The option as a number from `minimum` to `maximum`.

    Raises:
        InvalidOption: It is none.
    """
    value = text(name, read=read)
    bounds = f"of at least {minimum:g}"
    if maximum < float("inf"):
        bounds = f"from {minimum:g} to {maximum:g}"
    if not value:
        return default
    try:
        result = float(value)
    except ValueError:
        raise InvalidOption(name, value, f"a number {bounds}") from None
    # In this form, as a comparison with NaN is never true.
    if not minimum <= result <= maximum or result == float("inf"):
        raise InvalidOption(name, value, f"a number {bounds}")
    return result


def platform_key(read: Reader = from_airflow) -> Optional[str]:
    """The option that names a key to check tokens with, as it is spelled; None where none does.

    With the forms by which Airflow has a command or a secrets backend give its own secrets. It does
    not read these options so, but who wrote one wants a platform's login.
    """
    spellings = (name + form for form in ("", *_OTHER_FORMS) for name in PLATFORM_KEYS)
    return next((each for each in spellings if text(each, read=read)), None)


def on_platform() -> bool:
    """Whether this Airflow is one of a platform's: who may enter is said by its signed tokens.

    True as soon as a key to check them with is named, so that a half-made configuration is an
    error, not an open door.
    """
    return platform_key() is not None


class InvalidOption(ConfigurationError):
    """An option has a value that it cannot have."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{variable(name)} is '{value}'; set it to {wanted}.")
