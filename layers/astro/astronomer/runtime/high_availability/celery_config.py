"""Celery's configuration, as `[celery] celery_config_options` names it.

Airflow's own, but for how long a message may stay with a worker that is not heard of.
"""

from __future__ import annotations

from typing import Any, Dict

from airflow.config_templates.default_celery import DEFAULT_CELERY_CONFIG
from airflow.configuration import conf
from celery.signals import celeryd_init

VISIBILITY_TIMEOUT = 60
"""Seconds. Airflow's own is six hours: a task that its worker took and never started, because the
worker died, would be `queued` for as long. A living worker keeps its messages for any time by
`astronomer.runtime.high_availability.holding`."""


def _is_redis(url: str) -> bool:
    return url.startswith(("redis://", "rediss://", "redis+socket://", "sentinel://"))


def _options() -> Dict[str, Any]:
    options = dict(DEFAULT_CELERY_CONFIG["broker_transport_options"])
    chosen = conf.getsection("celery_broker_transport_options") or {}
    if _is_redis(conf.get("celery", "broker_url")) and "visibility_timeout" not in chosen:
        options["visibility_timeout"] = VISIBILITY_TIMEOUT
    return options


CELERY_CONFIG: Dict[str, Any] = {**DEFAULT_CELERY_CONFIG, "broker_transport_options": _options()}


@celeryd_init.connect
def _add_steps(instance: Any, **_: Any) -> None:
    # Only a worker comes here, after its application exists and before it is put together.
    from astronomer.runtime.high_availability.holding import MessageHolder, ServerClockQoS
    from astronomer.runtime.high_availability.listening import Listener
    from kombu.transport import redis

    instance.app.steps["consumer"].update((Listener, MessageHolder))
    # Where kombu's channel names the class that keeps account of what was taken.
    redis.Channel.QoS = ServerClockQoS
