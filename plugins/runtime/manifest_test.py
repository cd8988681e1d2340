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
        ("providers", ["amazon"], "Map names to versions"),
        ("providers", {"amazon": 4.0}, "Map names to versions"),
        ("packages", {"pip": "newest"}, "Map names to versions"),
        ("constraints", ["boto3"], "Write a path such as"),
    ],
)
def test_a_wrong_value_is_named_with_its_fix(field: str, value: Any, fix: str) -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: `{field}.*{fix}"):
        parse(**{field: value})


def test_a_release_may_have_no_constraints() -> None:
    content = yaml.safe_dump({**FIELDS, "constraints": None}).encode()

    assert parse_manifest(PATH, content).constraints is None


def test_a_misspelt_field_is_recognised() -> None:
    with pytest.raises(ManifestError, match="is `airlfow` meant to be it"):
        parse(airflow=None, airlfow="2.3.3")


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ManifestError, match="there is no field `colour`. Remove it."):
        parse(colour="blue")


def test_broken_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(ManifestError, match=f"^{PATH}: this is no YAML in line 2"):
        parse_manifest(PATH, b"release: 5.0.6\nairflow: [")


# A busy machine is no fault of the data.
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
