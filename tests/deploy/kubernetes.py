"""Reads `docs/deploy/kubernetes.yaml`, and runs its containers as a pod would, beside each other.

What Kubernetes itself does is not here: services, replicas, volumes that outlive a pod.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping

import yaml

from tests.engine.container import Container, Finished
from tests.engine.session import Engine

FILE = Path("docs/deploy/kubernetes.yaml")

DOCUMENTS: List[Dict[str, Any]] = list(yaml.safe_load_all(FILE.read_text()))


def pods() -> Dict[str, Dict[str, Any]]:
    """The specs of pods by the component that they are labelled with."""
    templates = (
        each["spec"]["template"] for each in DOCUMENTS if "template" in each.get("spec", ())
    )
    return {each["metadata"]["labels"]["component"]: each["spec"] for each in templates}


def settings_of(name: str) -> Dict[str, str]:
    """What a ConfigMap holds."""
    (found,) = (
        each["data"]
        for each in DOCUMENTS
        if each["kind"] == "ConfigMap" and each["metadata"]["name"] == name
    )
    return dict(found)


class Cluster:
    """Containers that share one network, in which the names of services are its loopback address.

    Args:
        engine: Where.
        images: What to run in place of the images in the file.
        secret: What the Secret `airflow` holds.
    """

    def __init__(
        self, engine: Engine, images: Mapping[str, str], secret: Mapping[str, str]
    ) -> None:
        self._engine = engine
        self._images = images
        self._secret = secret
        services = [each["metadata"]["name"] for each in DOCUMENTS if each["kind"] == "Service"]
        # A pod can look up its own name.
        names = {name: "127.0.0.1" for name in [*services, "pod"]}
        pause = next(image for name, image in images.items() if name.startswith("redis"))
        self._pause = engine.start(
            pause, ["infinity"], entrypoint=["sleep"], hostname="pod", extra_hosts=names
        )

    def start(self, pod: Mapping[str, Any], container: Mapping[str, Any]) -> Container:
        """Start a container of a pod, as its user and with its privileges, memory and settings."""
        who = pod["securityContext"]
        own = container["securityContext"]
        assert who["runAsNonRoot"] and not own["allowPrivilegeEscalation"]
        options: Dict[str, Any] = {}
        # As Kubernetes has it: `command` stands for the entrypoint, and `args` for the command.
        if "command" in container:
            options["entrypoint"] = container["command"]
        return self._engine.start(
            self._images[container["image"]],
            container.get("args", ()),
            network=self._pause.network,
            environment=self._environment(container),
            user=f"{who['runAsUser']}:{who['runAsGroup']}",
            cap_drop=own["capabilities"]["drop"],
            security_opt=["no-new-privileges"],
            mem_limit=container["resources"]["limits"]["memory"].lower().rstrip("i"),
            healthcheck={"test": ["NONE"]},
            **options,
        )

    def close(self) -> None:
        """Remove what all containers share; the session removes the containers."""
        self._pause.remove()

    def _environment(self, container: Mapping[str, Any]) -> Dict[str, str]:
        found: Dict[str, str] = {}
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                found.update(settings_of(source["configMapRef"]["name"]))
            else:
                assert source["secretRef"]["name"] == "airflow"
                found.update(self._secret)
        for entry in container.get("env", ()):
            if "value" in entry:
                found[entry["name"]] = entry["value"]
            else:
                found[entry["name"]] = self._secret[entry["valueFrom"]["secretKeyRef"]["key"]]
        return found


def probe(running: Container, container: Mapping[str, Any], kind: str) -> Finished:
    """Run a probe's command."""
    return running.exec(container[kind]["exec"]["command"], seconds=60)
