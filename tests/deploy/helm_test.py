"""The values for Airflow's Helm chart say what the tested manifest says, and fit the images.

The chart is not here: docs/deploy/helm/README.md says what was checked with it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, List

import pytest
import yaml

from tests.deploy.kubernetes import pods
from tests.engine.session import Engine

FOLDER = Path("docs/deploy/helm")
VALUES: Dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text())
MORE = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "values.yaml")

# As the chart calls the components, and as our own manifest does.
COMPONENTS = {
    "scheduler": "scheduler",
    "workers": "worker",
    "triggerer": "triggerer",
    "webserver": "webserver",
}


def more(name: str) -> Dict[str, Any]:
    found: Dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return found


def groomer() -> Dict[str, Any]:
    found: Dict[str, Any] = VALUES["scheduler"]["logGroomerSidecar"]
    return found


@pytest.mark.parametrize("theirs, ours", COMPONENTS.items())
def test_a_component_is_started_probed_and_bounded_as_in_the_tested_manifest(
    theirs: str, ours: str
) -> None:
    values, pod = VALUES[theirs], pods()[ours]
    (container,) = pod["containers"]

    assert values["args"] == container["args"]
    assert "command" not in values
    assert values["resources"] == container["resources"]
    assert values["terminationGracePeriodSeconds"] == pod["terminationGracePeriodSeconds"]
    # The chart gives a webserver probes of its own, of its health page.
    if theirs != "webserver":
        probe = {**container["livenessProbe"]}
        assert values["livenessProbe"] == {"command": probe.pop("exec")["command"], **probe}
    if "startupProbe" in values and theirs != "webserver":
        ready = container["readinessProbe"]["exec"]["command"]
        assert values["startupProbe"]["command"] == ready


def test_every_container_has_the_user_and_the_rights_of_the_tested_manifest() -> None:
    pod = pods()["scheduler"]
    contexts = VALUES["securityContexts"]
    assert contexts["pod"] == pod["securityContext"]
    assert contexts["containers"] == pod["containers"][0]["securityContext"]
    assert (VALUES["uid"], VALUES["gid"]) == (50000, 0)
    others = [VALUES["redis"], VALUES["statsd"], more("pgbouncer")["pgbouncer"]]
    for each in others:
        assert each["securityContexts"]["pod"]["runAsNonRoot"] is True
        assert each["securityContexts"]["pod"]["runAsUser"] > 0
        assert each["securityContexts"]["container"] == contexts["containers"]


def test_the_image_its_airflow_and_its_home_are_those_of_one_release(
    engine: Engine, runtime_image: str
) -> None:
    tag = VALUES["images"]["airflow"]["tag"]
    assert (VALUES["defaultAirflowTag"], VALUES["defaultAirflowRepository"]) == (
        tag,
        VALUES["images"]["airflow"]["repository"],
    )
    manifest = yaml.safe_load(Path(f"versions/{tag}/release.yaml").read_text())
    assert VALUES["airflowVersion"] == manifest["airflow"]
    config = engine.inspect(runtime_image)["Config"]
    environment = dict(each.split("=", 1) for each in config["Env"])
    assert VALUES["airflowHome"] == environment["AIRFLOW_HOME"]
    assert str(VALUES["uid"]) == environment["ASTRONOMER_UID"]


def test_no_password_is_in_a_value_and_each_secret_is_one_that_the_page_makes() -> None:
    page = (FOLDER / "README.md").read_text()
    made = set(re.findall(r"kubectl create secret generic ([\w-]+)", page))
    named: List[str] = []

    def look(values: Any, key: str = "") -> None:
        for name, value in values.items() if isinstance(values, dict) else ():
            look(value, name)
        for value in values if isinstance(values, list) else ():
            look(value, key)
        if isinstance(values, str):
            assert not re.search("pass(word)?$", key, re.IGNORECASE), key
            if re.search("secretName$", key, re.IGNORECASE):
                named.append(values)

    for path in (FOLDER / "values.yaml", *MORE):
        look(yaml.safe_load(path.read_text()))
    # The table of files names those of an ingress and of a store.
    assert {name for name in named if f"`{name}`" not in page} <= made
    assert made <= set(named)


def test_every_file_of_values_is_on_the_page() -> None:
    page = (FOLDER / "README.md").read_text()

    assert [path.name for path in MORE if f"]({path.name})" not in page] == []


def test_keda_divides_by_as_many_tasks_as_a_worker_takes(
    engine: Engine, runtime_image: str
) -> None:
    workers = more("keda")["workers"]
    assert workers["resources"] == VALUES["workers"]["resources"]
    assert workers["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}
    with engine.start(
        runtime_image, ["sleep", "infinity"], nano_cpus=1_000_000_000, mem_limit="2g"
    ) as container:
        ask = ["astronomer-runtime", "config", "--component", "celery worker", "--json"]
        found = container.exec(ask).json()

    (setting,) = [
        each
        for each in found["components"]["celery worker"]
        if each["variable"] == "AIRFLOW__CELERY__WORKER_CONCURRENCY"
    ]
    assert setting["value"] == str(more("keda")["config"]["celery"]["worker_concurrency"])


def test_the_groomer_removes_old_logs_and_leaves_what_is_not_shipped(
    engine: Engine, runtime_image: str
) -> None:
    logs = "/usr/local/airflow/logs"
    files = ("dag/old.log", "dag/new.log", ".shipping/old")
    make = f"cd {logs} && mkdir -p dag .shipping && touch -d '20 days ago' {files[0]} {files[2]}"
    # As the chart names the settings.
    environment = {
        "AIRFLOW__LOG_RETENTION_DAYS": str(groomer()["retentionDays"]),
        "AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES": str(groomer()["frequencyMinutes"]),
    }
    with engine.start(
        runtime_image, ["sleep", "infinity"], environment=environment, user="50000:0"
    ) as container:
        container.exec(["sh", "-c", f"{make} && touch {files[1]}"]).checked()
        # It goes on for ever.
        ended = container.exec(groomer()["args"], seconds=5)
        left = container.exec(["sh", "-c", f"cd {logs} && find . -type f | sort"]).checked()

    assert (ended.exit_code, ended.output) == (124, "")
    assert left.stdout.split() == ["./.shipping/old", "./dag/new.log"]
