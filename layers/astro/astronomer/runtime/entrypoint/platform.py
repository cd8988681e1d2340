"""Lets the platform's security manager in, where a key to check tokens with is named.

The start of a webserver is refused where the login of the platform could not work: as soon as a key
is named, it is the only way in.
"""

from __future__ import annotations

import os

from astronomer.runtime.options import PLATFORM_KEYS, SECTION, configuration_path, platform_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from astronomer.runtime.options import Reader

_BACKEND = "astronomer.runtime.security.api_auth"

_SERVERS = {"api-server", "standalone", "webserver"}
"""Components that a browser or a client of the REST API can talk to."""


def set_security_variables(
    environ: MutableMapping[str, str], components: Sequence[str], files_may_come: bool = False
) -> None:
    """Set the REST API's backend to ours if a platform's key is configured.

    The backend installs the security manager. The variable is set here and not in the image, as
    the Astro CLI sets a backend of its own if there is none, and a platform's webserver does not
    start without ours. Airflow 2.2 reads the older of the two names.

    Args:
        environ: Variables of the container; changed in place.
        components: What the container runs of Airflow, such as `webserver`.
        files_may_come: Whether a key file may appear later, so that a missing one is no error yet.

    Raises:
        ConfigurationError: The platform's login could not work.
    """
    read = _reader(environ)
    named = platform_key(read) if read else None
    if not named or not read:
        return
    from importlib.util import find_spec

    is_server = not _SERVERS.isdisjoint(components)
    # An image of Airflow 3 does not hold it.
    if not find_spec("astronomer.runtime.security"):
        if is_server:
            from astronomer.runtime.refusal import no_platform_login

            raise no_platform_login(named)
        return
    environ["AIRFLOW__API__AUTH_BACKEND"] = _BACKEND
    environ["AIRFLOW__API__AUTH_BACKENDS"] = f"{_BACKEND},airflow.api.auth.backend.session"
    if is_server:
        from astronomer.runtime.security import settings
        from astronomer.runtime.security.key_sources import check_key

        found = settings.read(read)
        if not files_may_come or os.path.exists(found.signing_cert):
            check_key(found, is_first=True)


def _reader(environ: Mapping[str, str]) -> Reader | None:
    """What reads our options without importing Airflow; None where no key is named for sure."""
    if not any(name.upper() in each for each in environ for name in PLATFORM_KEYS):
        if not _file_may_name_a_key(environ):
            return None
    from astronomer.runtime.airflow_options import Sources

    # One that is empty counts as one that is not set, for our options.
    sources = Sources({name: value for name, value in environ.items() if value})
    return lambda name: sources.value(SECTION, name)


def _file_may_name_a_key(environ: Mapping[str, str]) -> bool:
    # Without a parser, which would take longer than all else that happens for most commands.
    try:
        with open(configuration_path(environ), encoding="utf-8", errors="replace") as file:
            content = file.read().lower()
    except OSError:
        return False
    return any(name in content for name in PLATFORM_KEYS)
