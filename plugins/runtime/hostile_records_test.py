"""What people write below `versions/`, whatever it is, is read or refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Tuple, Type

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from oci.testing.fuzz import TOO_DEEP, altered, fuzzed, mangled
from runtime.manifest import ManifestError, parse_manifest
from runtime.policy import PolicyError, parse_policy
from runtime.published import Published, PublishedError
from runtime.testutil import POLICY_PATH

MANIFEST = b"""\
release: 5.0.6
date: 2022-07-11
airflow: 2.3.3
airflow_build: 1
suite: bullseye
python: "3.9"
resolved: 2022-07-12
constraints: null
unconstrained: [boto3]
extras: [statsd]
providers: {amazon: 4.0.0}
packages: {"astronomer-providers[all]": 1.6.0}
backports:
  - {pull_request: 24906, fixes: A task failed twice., fixed_in: 2.3.4}
experimental: true
"""

Reader = Tuple[Callable[[str, bytes], Any], Type[Exception], bytes]

READERS: "dict[str, Reader]" = {
    "manifest": (parse_manifest, ManifestError, MANIFEST),
    "policy": (parse_policy, PolicyError, Path(POLICY_PATH).read_bytes()),
    "published": (
        Published.from_json,
        PublishedError,
        b'{"releases": {}, "debian": {}, "settings": {}, "layers": {}}',
    ),
}


def read(name: str, content: bytes) -> None:
    reader, family, _ = READERS[name]
    try:
        reader("a file", content)
    except family as error:
        assert "\n" not in str(error)
        assert str(error).startswith("a file: ")


def _any_of(change: Callable[[bytes], Any]) -> Any:
    return st.sampled_from(sorted(READERS)).flatmap(
        lambda name: st.tuples(st.just(name), change(READERS[name][2]))
    )


def _other_values(content: bytes) -> Any:
    return altered(yaml.safe_load(content)).map(lambda data: yaml.safe_dump(data).encode())


@fuzzed(120)
@given(_any_of(_other_values))
def test_a_file_with_other_values_is_read_or_refused(example: "Tuple[str, bytes]") -> None:
    read(*example)


@fuzzed(120)
@given(_any_of(mangled))
def test_a_damaged_file_is_read_or_refused(example: "Tuple[str, bytes]") -> None:
    read(*example)


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"\0", b"a: 2022-13-45\n", b"? [a]\n: b\n", b"a: &a [*a]"],
)
def test_a_file_of_another_kind_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(READERS[name][1]):
        READERS[name][0]("a file", content)
    read(name, content)


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_file_that_is_nested_too_deeply_is_refused(name: str) -> None:
    # Python's parser of YAML takes very long for more.
    content = TOO_DEEP if name == "published" else TOO_DEEP[:600]
    with pytest.raises(READERS[name][1]):
        READERS[name][0]("a file", content)
