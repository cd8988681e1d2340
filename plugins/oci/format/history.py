"""The history of an image: what `docker history` prints, and what scanners take for its Dockerfile.

Every entry is one line of a Dockerfile, in a form in which Docker's builders write it. Sources: OCI
image spec 1.1, config.md, for the fields; Trivy, pkg/fanal/analyzer/imgconf/dockerfile, for what
scanners make of `created_by`; Docker's Dockerfile reference for the quoting.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, Mapping, Sequence

# BuildKit's form, by which scanners know an instruction. The other one would push the target out of
# the narrow column of `docker history`.
_COPY = re.compile(r"COPY (?P<target>\S+) / # buildkit")

# The older builder's form: scanners take what follows as it is. Of BuildKit's form they read but a
# few instructions, and Trivy up to 0.59 fails on a health check with a start period.
_NO_LAYER = "/bin/sh -c #(nop)  "

_NEEDS_NO_QUOTES = re.compile(r"[\w./:=@%+,~-]+")
_SPECIAL = re.compile(r'(["\\$])')

_SECOND = 10**9


def image_history(
    targets: Sequence[str], container: Mapping[str, Any], created: str
) -> list[dict[str, Any]]:
    """The `history` of an image's configuration.

    Args:
        targets: The addresses of its layers, from the bottom to the top.
        container: `config` of the image's configuration.
        created: As in `ImageSpec`.
    """
    layers = [
        {"created": created, "created_by": f"COPY {target} / # buildkit"} for target in targets
    ]
    return [
        *layers,
        *(
            {"created": created, "created_by": _NO_LAYER + line, "empty_layer": True}
            for line in _instructions(container)
        ),
    ]


def copied_targets(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The addresses of an image's layers, from the bottom to the top.

    An entry that `image_history` has not written stands for itself.
    """
    lines = [
        str(entry.get("created_by", "")) for entry in history if not entry.get("empty_layer", False)
    ]
    found = [_COPY.fullmatch(line) for line in lines]
    return [match["target"] if match else line for match, line in zip(found, lines)]


def dockerfile_lines(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of a Dockerfile that `image_history` has written."""
    lines = (str(entry["created_by"]) for entry in history)
    return [line.removeprefix(_NO_LAYER).removesuffix(" # buildkit") for line in lines]


def _instructions(container: Mapping[str, Any]) -> Iterator[str]:
    """All but the layers. CMD comes last: scanners look for it to see where a base image ends."""
    for variable in container.get("Env", []):
        name, _, value = variable.partition("=")
        yield f"ENV {name}={_quoted(value)}"
    for name, value in container.get("Labels", {}).items():
        yield f"LABEL {_quoted(name)}={_quoted(value)}"
    for port in container.get("ExposedPorts", {}):
        yield f"EXPOSE {port}"
    if "Healthcheck" in container:
        yield _healthcheck(container["Healthcheck"])
    if "Shell" in container:
        yield f"SHELL {json.dumps(container['Shell'])}"
    for instruction, key in (
        ("STOPSIGNAL", "StopSignal"),
        ("WORKDIR", "WorkingDir"),
        ("USER", "User"),
    ):
        if key in container:
            yield f"{instruction} {container[key]}"
    for step in container.get("OnBuild", []):
        yield f"ONBUILD {step}"
    if "Entrypoint" in container:
        yield f"ENTRYPOINT {json.dumps(container['Entrypoint'])}"
    yield f"CMD {json.dumps(container.get('Cmd', []))}"


def _healthcheck(healthcheck: Mapping[str, Any]) -> str:
    options = " ".join(
        f"--{option}={healthcheck[key] // _SECOND}s"
        for option, key in (
            ("interval", "Interval"),
            ("timeout", "Timeout"),
            ("start-period", "StartPeriod"),
        )
    )
    kind, *command = healthcheck["Test"]
    return f"HEALTHCHECK {options} --retries={healthcheck['Retries']} {kind} {json.dumps(command)}"


def _quoted(value: str) -> str:
    if _NEEDS_NO_QUOTES.fullmatch(value):
        return value
    # An instruction is one line, and no escape stands for the end of one.
    return '"{}"'.format(_SPECIAL.sub(r"\\\1", value.replace("\n", " ")))
