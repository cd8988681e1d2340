"""How Airflow's Celery connects to its broker, found out without importing Airflow.

Source: airflow/config_templates/default_celery.py; in the package apache-airflow-providers-celery,
airflow/providers/celery/executors/default_celery.py.
"""

from __future__ import annotations

import json
import ssl
from typing import Any, Dict, Mapping, NamedTuple

from astronomer.runtime.airflow_options import Sources
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.health.addresses import broker_address
from astronomer.runtime.options import is_true

_KNOWN = {
    "airflow.config_templates.default_celery.DEFAULT_CELERY_CONFIG",
    "airflow.providers.celery.executors.default_celery.DEFAULT_CELERY_CONFIG",
    "astronomer.runtime.high_availability.celery_config.CELERY_CONFIG",
}
"""Configurations of Celery whose options are all of Airflow's own."""

_REDIS = ("redis://", "rediss://", "sentinel://")


class CeleryOptions(NamedTuple):
    """What a component's Celery application is made of."""

    config: Dict[str, Any]
    """Celery's settings by name; those that matter for its connection."""

    unknown: str = ""
    """What only Airflow can tell; empty where `config` is all of it."""

    deaf: str = ""
    """Why a worker with these options answers no questions; empty where it does."""


def celery_options(environ: Mapping[str, str]) -> CeleryOptions:
    """Read a component's options.

    Args:
        environ: The component's variables.
    """
    sources = Sources(environ)
    try:
        url = broker_address(environ)
    except ConfigurationError:
        url = None
    if not url:
        return CeleryOptions({}, unknown="where the broker is")
    try:
        config = _config(url, sources)
    except (TypeError, ValueError):
        return CeleryOptions({}, unknown="how to connect to the broker")
    path = sources.value("celery", "celery_config_options")
    unknown = "" if not path or path in _KNOWN else f"what is in {path}"
    return CeleryOptions(config, unknown, _deafness(config, sources))


def _config(url: str, sources: Sources) -> Dict[str, Any]:
    transport = sources.section("celery_broker_transport_options")
    options: Dict[str, Any] = {name: _typed(value) for name, value in transport.items()}
    if "sentinel_kwargs" in options:
        options["sentinel_kwargs"] = json.loads(options["sentinel_kwargs"])
    config = {
        "broker_url": url,
        "broker_transport_options": options,
        "worker_enable_remote_control": sources.value("celery", "worker_enable_remote_control")
        or "True",
        **json.loads(sources.value("celery", "extra_celery_config") or "{}"),
    }
    if is_true(sources.value("celery", "ssl_active")):
        config["broker_use_ssl"] = _ssl(url, sources)
    return config


def _ssl(url: str, sources: Sources) -> Dict[str, Any]:
    prefix = "ssl_" if any(scheme in url for scheme in _REDIS) else ""
    return {
        f"{prefix}keyfile": sources.value("celery", "ssl_key"),
        f"{prefix}certfile": sources.value("celery", "ssl_cert"),
        f"{prefix}ca_certs": sources.value("celery", "ssl_cacert"),
        f"{prefix}cert_reqs": ssl.CERT_REQUIRED,
    }


def _deafness(config: Mapping[str, Any], sources: Sources) -> str:
    if not is_true(str(config["worker_enable_remote_control"])):
        return "[celery] worker_enable_remote_control is off"
    if sources.value("celery", "pool") == "solo":
        return "a worker of the pool `solo` answers only between two tasks"
    if config["broker_transport_options"].get("global_keyprefix") and not _questions_have_prefix():
        return "this release of kombu asks without global_keyprefix"
    return ""


def _questions_have_prefix() -> bool:
    from kombu.transport import redis

    # Since kombu 5.2.4: before, questions were sent with the prefix and listened to without it.
    return hasattr(redis, "PrefixedRedisPubSub")


def _typed(value: str) -> Any:
    """A value of a section that Airflow reads as a whole, as it does.

    Source: `getsection` in airflow/configuration.py.
    """
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return {"t": True, "true": True, "f": False, "false": False}.get(value.lower(), value)
