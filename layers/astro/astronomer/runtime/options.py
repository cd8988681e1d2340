"""The operator's options: section `[astronomer]` of Airflow's configuration.

Each is set by `AIRFLOW__ASTRONOMER__<NAME>`, in `airflow.cfg`, or, where it is a secret's place,
by whatever else Airflow reads options from.
"""

from __future__ import annotations

from astronomer.runtime.errors import ConfigurationError

SECTION = "astronomer"


PLATFORM_KEYS = ("jwt_signing_cert", "houston_jwk_url")
"""Options that name a key to check tokens with."""


def variable(name: str, section: str = SECTION) -> str:
    """The environment variable that sets the option `name`."""
    return f"AIRFLOW__{section.upper()}__{name.upper()}"


def text(name: str, default: str = "") -> str:
    """The option as it was written, without white space around it."""
    from airflow.configuration import conf

    return str(conf.get(SECTION, name, fallback=default) or "").strip()


def is_true(value: str) -> bool:
    """Whether Airflow takes what an option or a variable holds for true: `True`, `t` or `1`.

    Source: `getboolean` in airflow/configuration.py, which also ignores what follows a `#`.
    """
    return value.partition("#")[0].strip().lower() in ("t", "true", "1")


def number(name: str, default: float, minimum: float = 0) -> float:
    """The option as a number of at least `minimum`.

    Raises:
        InvalidOption: It is none.
    """
    value = text(name)
    if not value:
        return default
    try:
        result = float(value)
    except ValueError:
        raise InvalidOption(name, value, f"a number of at least {minimum:g}") from None
    # In this form, as a comparison with NaN is never true.
    if not minimum <= result < float("inf"):
        raise InvalidOption(name, value, f"a number of at least {minimum:g}")
    return result


def on_platform() -> bool:
    """Whether this Airflow is one of a platform's: who may enter is said by its signed tokens.

    True as soon as a key to check them with is named, so that a half-made configuration is an
    error, not an open door.
    """
    return any(map(text, PLATFORM_KEYS))


class InvalidOption(ConfigurationError):
    """An option has a value that it cannot have."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{variable(name)} is '{value}'; set it to {wanted}.")
