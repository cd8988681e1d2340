from __future__ import annotations

import datetime
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.manifest import Manifest, ManifestError, parse_manifest

PATH = "versions/5.0.6/release.yaml"
FIELDS: dict[str, Any] = {
    "release": "5.0.6",
    "date": datetime.date(2022, 7, 11),
    "airflow": "2.3.3",
    "suite": "bullseye",
    "python": "3.9",
    "extras": ["statsd", "password"],
    "providers": {"amazon": "4.0.0"},
    "packages": {"astronomer-providers[all]": "1.6.0"},
    "resolved": datetime.date(2022, 7, 12),
    "constraints": "3rdparty/python/constraints/airflow-2.3.3.txt",
    "unconstrained": ["boto3"],
}
BACKPORT: dict[str, Any] = {
    "pull_request": 24906,
    "fixes": "Each of several schedulers failed the zombies of all.",
    "fixed_in": "2.3.4",
}


def parse(**changes: Any) -> Manifest:
    fields = {**FIELDS, **changes}
    fields = {name: value for name, value in fields.items() if value is not None}
    return parse_manifest(PATH, yaml.safe_dump(fields).encode())


def test_requirements_are_airflow_its_providers_and_packages() -> None:
    assert parse().requirements == (
        "apache-airflow-providers-amazon==4.0.0",
        "apache-airflow[password,statsd]==2.3.3",
        "astronomer-providers[all]==1.6.0",
    )


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_is_needed(field: str) -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: the field `{field}` is missing"):
        parse(**{field: None})


@pytest.mark.parametrize(
    "field, value, fix",
    [
        ("release", "5.0", "Write a text such as '5.0.6'"),
        ("airflow", 2.3, "quote what YAML reads as a number"),
        ("date", "yesterday", "Write a date such as 2022-07-11"),
        ("python", 3.9, "quote what YAML reads as a number"),
        ("extras", "statsd", "Write a list of names"),
        ("extras", ["statsd]==2.3.4,x["], "Write a list of names"),
        ("packages", {"mylib @ https://example.test/a.whl?": "1.0"}, "Map names of packages"),
        ("packages", {1: "1.0"}, "Map names of packages"),
        ("providers", ["amazon"], "Map names of packages"),
        ("providers", {"amazon": 4.0}, "quote what YAML reads as a number"),
        ("packages", {"pip": "newest"}, "Write a text such as '4.0.0'"),
        ("constraints", ["boto3"], "Write a path such as"),
    ],
)
def test_a_wrong_value_is_named_with_its_fix(field: str, value: Any, fix: str) -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: `{field}.*{fix}"):
        parse(**{field: value})


def test_a_carried_backport_shows_in_airflow_s_version() -> None:
    manifest = parse(backports=[BACKPORT], airflow_build=2)

    assert [each.pull_request for each in manifest.carried] == [24906]
    assert manifest.installed_airflow == "2.3.3+astro.2"


def test_a_backport_that_is_not_carried_is_told_with_its_reason() -> None:
    manifest = parse(backports=[{**BACKPORT, "not_carried": "It needs a new front end."}])

    assert manifest.carried == ()
    assert manifest.backports[0].not_carried == "It needs a new front end."
    assert manifest.installed_airflow == "2.3.3"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"fixed_in": "2.3.3"}, "Airflow 2.3.3, which is pinned, has #24906 already: take it out"),
        ({"fixed_in": "2.3.2"}, "Airflow 2.3.3, which is pinned, has #24906 already: take it out"),
        ({"fixed_in": 2.4}, "quote what YAML reads as a number"),
        ({"pull_request": "#24906"}, "Write a number above 0"),
        ({"pull_request": True}, "Write a number above 0"),
        ({"fixes": ""}, "Write a text"),
        ({"not_carried": ""}, "Write a text"),
    ],
)
def test_a_wrong_backport_is_named_with_its_fix(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(
        ManifestError, match=rf"^{PATH}: `backports\[0\]\.{[*changes][0]}`.*{message}"
    ):
        parse(backports=[{**BACKPORT, **changes}], airflow_build=1)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"backports": {}}, "`backports` is {}. Write a list"),
        ({"backports": [24906]}, r"`backports\[0\]` is 24906. Write the fields"),
        ({"backports": [{"fixes": "x"}]}, r"the field `backports\[0\].pull_request` is missing"),
        (
            {"backports": [{**BACKPORT, "fixed": "x"}]},
            r"there is no field `backports\[0\].fixed`. Is `fixe[sd]",
        ),
        (
            {"backports": [BACKPORT, BACKPORT], "airflow_build": 1},
            r"`backports\[1\].pull_request` is 24906. It is there twice",
        ),
        ({"backports": [BACKPORT]}, "the field `airflow_build` is missing"),
        ({"backports": [BACKPORT], "airflow_build": 0}, "`airflow_build` is 0. Write a number"),
        ({"airflow_build": 1}, "`airflow_build` is 1. No backport is carried"),
    ],
)
def test_backports_and_the_build_of_airflow_fit(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: {message}"):
        parse(**fields)


def test_a_release_may_have_no_constraints() -> None:
    content = yaml.safe_dump({**FIELDS, "constraints": None}).encode()

    assert parse_manifest(PATH, content).constraints is None


def test_an_experiment_may_have_a_number_of_the_lines_of_airflow_3() -> None:
    manifest = parse(release="3.3-1", experimental=True)

    assert (manifest.release, manifest.experimental) == ("3.3-1", True)
    assert not parse().experimental


def test_a_misspelt_field_is_recognised() -> None:
    with pytest.raises(ManifestError, match="is `airlfow` meant to be it"):
        parse(airflow=None, airlfow="2.3.3")


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ManifestError, match="there is no field `colour`. Remove it."):
        parse(colour="blue")


def test_broken_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: this is not valid YAML in line 2"):
        parse_manifest(PATH, b"release: 5.0.6\nairflow: [")


def test_a_field_that_stands_twice_is_refused_with_its_line() -> None:
    sentence = rf"^{PATH}: the key 'airflow' stands twice, again in line 2. Keep one of them.$"
    with pytest.raises(ManifestError, match=sentence):
        parse_manifest(PATH, b"airflow: 2.3.3\nairflow: 2.3.4\n")


# A busy machine is not a fault of the data.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_a_manifest_holds_the_answer_is_a_sentence(data: Any) -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: "):
        parse_manifest(PATH, yaml.safe_dump(data).encode())


@given(st.binary())
def test_bytes_that_are_no_text_are_refused_too(content: bytes) -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: "):
        parse_manifest(PATH, content)
