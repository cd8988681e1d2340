from __future__ import annotations

import datetime
from typing import Any

import pytest
from pants.util.frozendict import FrozenDict
from runtime.changes import manifest_changes
from runtime.manifest import Backport, Manifest
from runtime.policy import Policy, PolicyError, parse_policy, previous_release, violations
from runtime.release_number import ReleaseNumber
from runtime.testutil import POLICY_PATH, make_manifest, make_policy

BEFORE = make_manifest("5.0.6")
PROVIDERS = {"amazon": "4.0.0"}
PACKAGES = {"astronomer-providers[all]": "1.6.0", "pip": "22.1.2"}


def called_for(**fields: Any) -> str:
    """The kind of release that changes of 5.0.6 call for."""
    changes = manifest_changes(BEFORE, make_manifest("9.9.9", **fields))
    return make_policy().called_for(changes).label


def problems(*manifests: Manifest, policy: Policy | None = None) -> list[str]:
    return list(violations(policy or make_policy(), manifests))


@pytest.mark.parametrize(
    "airflow, kind", [("3.0.0", "major"), ("2.4.0", "major"), ("2.3.4", "minor")]
)
def test_another_airflow_is_the_kind_of_release_that_the_product_page_says(
    airflow: str, kind: str
) -> None:
    assert called_for(airflow=airflow) == kind


@pytest.mark.parametrize(
    "version, kind",
    [("2.0.0", "major"), ("1.7.0", "minor"), ("1.6.1", "patch"), ("1.5.0", "major")],
)
def test_packages_of_astronomer_count_by_the_part_that_changes(version: str, kind: str) -> None:
    packages = FrozenDict({**PACKAGES, "astronomer-providers[all]": version})

    assert called_for(packages=packages) == kind


@pytest.mark.parametrize(
    "providers, kind",
    [
        ({"amazon": "5.0.0"}, "major"),
        ({"amazon": "4.1.0"}, "minor"),
        ({"amazon": "4.0.1"}, "patch"),
        ({**PROVIDERS, "sftp": "4.1.0"}, "minor"),
        ({}, "major"),
        ({"amazon": "3.4.0"}, "major"),
    ],
)
def test_a_provider_counts_as_what_dags_can_do_with_it(providers: Any, kind: str) -> None:
    assert called_for(providers=FrozenDict(providers)) == kind


@pytest.mark.parametrize(
    "fields, kind",
    [
        ({}, "patch"),
        ({"packages": FrozenDict({**PACKAGES, "pip": "23.0"})}, "patch"),
        ({"backports": (Backport(1, "A fix.", "2.3.4", ""),)}, "patch"),
        ({"python": "3.10"}, "major"),
        ({"suite": "bookworm"}, "major"),
        ({"extras": ("statsd", "ldap")}, "minor"),
        ({"extras": ()}, "major"),
    ],
)
def test_the_platform_below_counts_too(fields: Any, kind: str) -> None:
    assert called_for(**fields) == kind


def test_a_backport_may_go_when_airflow_has_it_and_not_before() -> None:
    fix = Backport(1, "A fix.", "2.3.4", "")
    before = make_manifest("5.0.6", backports=(fix,))

    def kind(after: Manifest) -> str:
        return make_policy().called_for(manifest_changes(before, after)).label

    assert kind(make_manifest("5.0.7", backports=(fix,))) == "patch"
    assert kind(make_manifest("5.1.0", airflow="2.3.4")) == "minor"
    assert kind(make_manifest("5.0.7")) == "major"


def test_a_number_that_is_too_small_is_refused_with_the_one_to_take() -> None:
    after = make_manifest("5.0.7", airflow="2.4.0")

    assert problems(BEFORE, after)[0] == (
        "versions/5.0.7/release.yaml: `release` is '5.0.7', but the changes since 5.0.6 call for a "
        "major release (apache-airflow 2.3.3 -> 2.4.0). Number it 6.0.0, or give a reason in the "
        f"`exceptions` of {POLICY_PATH}."
    )


def test_a_number_may_be_larger_than_needed() -> None:
    assert problems(BEFORE, make_manifest("6.0.0")) == []


def test_an_exception_says_why_a_number_is_smaller() -> None:
    policy = make_policy(r5_0_7={"calls_for": "minor", "because": "A reason."})
    after = make_manifest("5.0.7", providers=FrozenDict({"amazon": "4.1.0"}))

    assert problems(BEFORE, after, policy=policy) == []


def test_nothing_more_slips_in_with_an_exception() -> None:
    policy = make_policy(r5_0_7={"calls_for": "minor", "because": "A reason."})
    after = make_manifest("5.0.7", providers=FrozenDict({"amazon": "5.0.0"}))

    assert (
        "`exceptions.5.0.7.calls_for` is 'minor', but" in problems(BEFORE, after, policy=policy)[0]
    )


def test_an_exception_does_not_change_airflow_silently() -> None:
    policy = make_policy(r5_0_7={"calls_for": "minor", "because": "A reason."})
    after = make_manifest("5.0.7", airflow="2.3.4")
    (problem,) = problems(BEFORE, after, policy=policy)

    assert problem == (
        "versions/5.0.7/release.yaml: `airflow` is '2.3.4', but 5.0.6 has 2.3.3, and all releases "
        "of 5.0 have one Airflow. Number it 5.1.0, or name the new Airflow in "
        f"`exceptions.5.0.7.airflow` of {POLICY_PATH}."
    )


def test_an_exception_names_the_new_airflow() -> None:
    exception = {"calls_for": "minor", "because": "A reason.", "airflow": "2.3.4"}
    after = make_manifest("5.0.7", airflow="2.3.4")

    assert problems(BEFORE, after, policy=make_policy(r5_0_7=exception)) == []
    assert "but the release keeps its Airflow" in "".join(
        problems(
            BEFORE,
            make_manifest("5.0.7", providers=FrozenDict({"amazon": "4.1.0"})),
            policy=make_policy(r5_0_7=exception),
        )
    )


def test_an_exception_that_is_not_needed_is_refused() -> None:
    policy = make_policy(r5_0_7={"calls_for": "minor", "because": "A reason."})

    assert (
        "`exceptions.5.0.7` is not needed"
        in problems(BEFORE, make_manifest("5.0.7"), policy=policy)[0]
    )
    assert "`exceptions` names 5.0.7, which is not a release" in problems(BEFORE, policy=policy)[0]


def test_two_releases_cannot_claim_one_number() -> None:
    other = make_manifest("5.0.6", path="versions/copy/release.yaml")

    assert problems(BEFORE, other) == [
        "versions/copy/release.yaml: `release` is '5.0.6', which versions/5.0.6/release.yaml "
        "claims too. Give one of them another number."
    ]


def test_releases_of_a_series_come_out_in_order() -> None:
    after = make_manifest("5.0.7", date=datetime.date(2022, 7, 1))

    assert "`date` is 2022-07-01, but 5.0.6 came out on 2022-07-11" in problems(BEFORE, after)[-1]


def test_a_late_patch_of_an_old_series_is_not_before_a_new_series() -> None:
    old = make_manifest("4.2.6", date=datetime.date(2022, 4, 19))
    late = make_manifest("4.2.7", date=datetime.date(2022, 10, 11))
    new = make_manifest("5.0.0", date=datetime.date(2022, 4, 30))

    assert previous_release(new, [old, late, new]) == old
    assert previous_release(late, [old, late, new]) == old
    assert previous_release(old, [old, late, new]) is None


def test_numbers_are_ordered_as_numbers() -> None:
    assert ReleaseNumber.parse("5.0.10") > ReleaseNumber.parse("5.0.9")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"rules: [", "this is not valid YAML in line 1"),
        (b"- rules", "this is not a mapping of fields. See versions/README.md."),
        (b"rules: {airflow: {major: major}}\nexceptions:\nlifecycel: {}", "`lifecycel` meant"),
        (b"rules: {}\nrules: {}", "the key 'rules' stands twice, again in line 2"),
        (b"rules: {colour: {major: major}}", "there is no field `rules.colour`. Remove it."),
        (
            b"rules: {airflow: {major: huge}}",
            "`rules.airflow.major` is 'huge'. Write patch, minor or major.",
        ),
        (b"rules: {airflow: {huge: major}}", "there is no field `rules.airflow.huge`."),
        (b"rules: {}\nexceptions: {5.0: {}}", "`exceptions` is 5.0. Map releases such as 5.0.6 to"),
        (b"rules: {}\nexceptions: {5.0.7: minor}", "`exceptions.5.0.7` is 'minor'. Map releases"),
        (
            b"rules: {}\nexceptions: {5.0.7: {calls_for: minor}}",
            "the field `exceptions.5.0.7.because` is missing. Write a text such as",
        ),
        (
            b"rules: {}\nexceptions:\nlifecycle: {stable_months: 6, long_term_months: soon}",
            "`lifecycle.long_term_months` is 'soon'. Write a number above 0",
        ),
        # YAML reads a number, which would not be a series.
        (
            b"rules: {}\nexceptions:\n"
            b"lifecycle: {stable_months: 6, long_term_months: 18, long_term_lines: [4.2]}",
            "`lifecycle.long_term_lines` is [4.2]. Write a list of minor series such as '4.2', in",
        ),
    ],
)
def test_a_wrong_policy_is_one_sentence(content: bytes, message: str) -> None:
    with pytest.raises(PolicyError, match=f"^{POLICY_PATH}: ") as error:
        parse_policy(POLICY_PATH, content)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
