"""What the Kubernetes manifest says is valid, and its containers start, are probed and end."""

from __future__ import annotations

import secrets
from typing import Any, Dict, List

import kubernetes_validate  # type: ignore[import]
import pytest

from tests.deploy.kubernetes import DOCUMENTS, Cluster, pods, probe
from tests.engine.container import Container
from tests.engine.session import Engine
from tests.engine.waiting import wait_for

_START_SECONDS = 300
_END_SECONDS = 60

COMPONENTS = ("scheduler", "triggerer", "webserver", "worker")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each["metadata"]["name"]))
def test_each_resource_fits_the_schema_of_kubernetes(document: Dict[str, Any]) -> None:
    kubernetes_validate.validate(document, "1.25", strict=True)


def test_what_a_service_and_a_workload_select_is_there() -> None:
    for each in DOCUMENTS:
        selector = each.get("spec", {}).get("selector", {})
        labels = selector.get("matchLabels", selector)
        if labels:
            assert labels["component"] in pods(), each["metadata"]["name"]


def test_no_container_can_become_root_and_each_has_limits() -> None:
    for name, pod in pods().items():
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert set(container["resources"]) == {"requests", "limits"}, name


def secret() -> Dict[str, str]:
    """As the README makes it."""
    postgres, redis = secrets.token_hex(16), secrets.token_hex(16)
    database = f"postgresql://airflow:{postgres}@postgres:5432/airflow"
    return {
        "POSTGRES_PASSWORD": postgres,
        "REDIS_PASSWORD": redis,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://:{redis}@redis:6379/0",
        "AIRFLOW__CORE__FERNET_KEY": "d6Vefz3G9U_ynXB3cr7y_Ak35tAHkEGAVxuz_B-jzWw=",
        "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(32),
    }


def test_its_containers_start_pass_their_probes_and_end_when_told(
    engine: Engine, runtime_image: str, postgres_image: str, redis_image: str
) -> None:
    images = {"postgres:13": postgres_image, "redis:6": redis_image}
    images["astro-runtime:5.0.7"] = runtime_image
    cluster = Cluster(engine, images, secret())
    running: Dict[str, Container] = {}

    def start(name: str) -> Container:
        pod = pods()[name]
        running[name] = cluster.start(pod, pod["containers"][0])
        return running[name]

    def passes(name: str, kind: str) -> bool:
        return probe(running[name], pods()[name]["containers"][0], kind).exit_code == 0

    def evidence(name: str) -> str:
        return running[name].logs()[-4000:]

    try:
        for name in ("postgres", "redis"):
            start(name)
            wait_for(name, lambda: passes(name, "readinessProbe"), 60, lambda: evidence(name))
        start("set-up").wait(_START_SECONDS).checked()
        first = pods()["scheduler"]
        cluster.start(first, first["initContainers"][0]).wait(_START_SECONDS).checked()

        for name in COMPONENTS:
            start(name)
        for name in COMPONENTS:
            for kind in ("readinessProbe", "livenessProbe"):
                wait_for(
                    f"the {kind} of {name}",
                    lambda: passes(name, kind),
                    _START_SECONDS,
                    lambda: evidence(name),
                )

        killed: List[str] = []
        for name in COMPONENTS:
            # 137: it did not end by itself.
            if running[name].stop(_END_SECONDS).exit_code == 137:
                killed.append(name)
        assert killed == []
    finally:
        for container in running.values():
            container.remove()
        cluster.close()
