from __future__ import annotations

import pytest
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException
from wheels.util_rules.requirements import check_requirements

TARGET = Address("3rdparty/tools")


@pytest.mark.parametrize(
    "requirement, problem",
    [
        ("mylib @ https://example.test/mylib.whl", "a lock holds only versions of an index"),
        ("mylib@ file:///srv/mylib", "a lock holds only versions of an index"),
        ("mylib @ git+https://example.test/mylib", "a lock holds only versions of an index"),
        ("./mylib", "which is not a requirement"),
        ("-e .", "which is not a requirement"),
        ("https://example.test/mylib.whl", "which is not a requirement"),
        ("", "which is not a requirement"),
    ],
)
def test_what_cannot_be_locked_is_told_with_its_target(requirement: str, problem: str) -> None:
    with pytest.raises(InvalidFieldException) as error:
        check_requirements(TARGET, ["requests>=2", requirement])

    assert str(error.value).startswith(f"3rdparty/tools:tools: `requirements` has '{requirement}'")
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_requirements_with_extras_and_markers_are_taken() -> None:
    check_requirements(TARGET, ["requests[socks]>=2,<3; python_version >= '3.9'", "Foo.Bar"])
