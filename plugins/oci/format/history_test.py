from __future__ import annotations

import shlex
from typing import Any

import pytest
from oci.format.history import copied_targets, dockerfile_lines, image_history
from oci.format.image import CONFIG_KEYS

CREATED = "2022-07-11T00:00:00Z"
TARGETS = ["layers/os:os", "layers/airflow@resolve=5.0.6"]
CONTAINER: dict[str, Any] = {
    "Env": ["PATH=/usr/bin", 'ODD=a "quoted" $word \\ and\tmore'],
    "Labels": {"maintainer": "Astronomer <humans@astronomer.io>"},
    "ExposedPorts": {"8080/tcp": {}},
    "Healthcheck": {
        "Test": ["CMD", "astronomer-runtime", "health"],
        "Interval": 30 * 10**9,
        "Timeout": 20 * 10**9,
        "StartPeriod": 120 * 10**9,
        "Retries": 3,
    },
    "Shell": ["/bin/bash", "-c"],
    "StopSignal": "SIGINT",
    "WorkingDir": "/usr/local/airflow",
    "User": "astro",
    "OnBuild": ["COPY packages.txt ."],
    "Entrypoint": ["tini", "--"],
    "Cmd": ["airflow", "--help"],
}
INSTRUCTIONS = set(
    "CMD COPY ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD SHELL STOPSIGNAL USER WORKDIR".split()
)


def lines(container: dict[str, Any] = CONTAINER) -> list[str]:
    return dockerfile_lines(image_history(TARGETS, container, CREATED))


def test_each_layer_has_an_entry_that_names_its_target_and_the_rest_is_empty() -> None:
    history = image_history(TARGETS, CONTAINER, CREATED)

    layers = [entry for entry in history if not entry.get("empty_layer")]
    assert [entry["created_by"] for entry in layers] == [
        "COPY layers/os:os / # buildkit",
        "COPY layers/airflow@resolve=5.0.6 / # buildkit",
    ]
    assert history[: len(layers)] == layers
    assert {entry["created"] for entry in history} == {CREATED}


def test_every_entry_is_a_line_of_a_dockerfile() -> None:
    assert {line.split()[0] for line in lines()} == INSTRUCTIONS
    assert not [line for line in lines() if "\n" in line]


def test_all_that_a_container_can_be_told_has_its_line() -> None:
    assert set(CONTAINER) == set(CONFIG_KEYS)
    for key in CONTAINER:
        without = {other: CONTAINER[other] for other in CONTAINER if other != key}
        assert lines(without) != lines()


def test_what_the_container_is_told_stands_in_it() -> None:
    assert {
        "ENV PATH=/usr/bin",
        'LABEL maintainer="Astronomer <humans@astronomer.io>"',
        "EXPOSE 8080/tcp",
        "HEALTHCHECK --interval=30s --timeout=20s --start-period=120s --retries=3 "
        'CMD ["astronomer-runtime", "health"]',
        'SHELL ["/bin/bash", "-c"]',
        "STOPSIGNAL SIGINT",
        "WORKDIR /usr/local/airflow",
        "USER astro",
        "ONBUILD COPY packages.txt .",
        'ENTRYPOINT ["tini", "--"]',
        'CMD ["airflow", "--help"]',
    } <= set(lines())


@pytest.mark.parametrize("value", ['a "b" \\ c', "", "it's", "# x", "a=b c=d"])
def test_a_value_is_one_word_for_a_parser(value: str) -> None:
    (line, *_) = lines({"Env": [f"NAME={value}"]})[len(TARGETS) :]

    assert shlex.split(line) == ["ENV", f"NAME={value}"]


def test_a_dollar_is_no_variable_and_a_value_of_two_lines_one_line() -> None:
    env = lines({"Env": ["A=$HOME", "B=a\nUSER root"]})[len(TARGETS) :]

    assert env[:2] == ['ENV A="\\$HOME"', 'ENV B="a USER root"']


def test_scanners_know_every_entry_for_an_instruction() -> None:
    # The two forms that Trivy takes as they are.
    for entry in image_history(TARGETS, CONTAINER, CREATED):
        line = entry["created_by"]
        assert line.startswith("/bin/sh -c #(nop)  ") != line.endswith(" # buildkit")


def test_the_last_entry_tells_scanners_of_a_project_where_the_base_image_ends() -> None:
    last = image_history(TARGETS, CONTAINER, CREATED)[-1]["created_by"]

    assert last == '/bin/sh -c #(nop)  CMD ["airflow", "--help"]'
    assert lines({})[-1] == "CMD []"


def test_the_targets_are_read_back_from_this_and_from_earlier_forms() -> None:
    history = image_history(TARGETS, CONTAINER, CREATED)

    assert copied_targets(history) == TARGETS
    assert copied_targets([{"created_by": target} for target in TARGETS]) == TARGETS
