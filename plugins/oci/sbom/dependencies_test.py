from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import pytest
from oci.contents import ImageContents
from oci.explain.samples import sample_image, sample_layer
from oci.format.platform import Platform
from oci.sbom.dependencies import dependencies

PLATFORM = Platform("amd64", "bullseye", "3.9")

VERSIONS = {
    "pypi/airflow": "2.3",
    "pypi/flask": "2.0",
    "pypi/click": "8.0",
    "pypi/jose": "3.3",
    "pypi/cryptography": "37",
    "deb/debian/bash": "5.1",
    "deb/debian/libc6": "2.31",
    "deb/debian/mawk": "1.3",
}


def image(requires: Mapping[str, Tuple[str, ...]]) -> ImageContents:
    """Debian's packages in one layer, and those of Python in another, for Python 3.9."""
    kinds = [
        {key: version for key, version in VERSIONS.items() if key.startswith(kind)}
        for kind in ("deb", "pypi")
    ]
    return sample_image(
        "1.0",
        sample_layer("layers/os:os", kinds[0], requires=requires),
        sample_layer("layers/app:app", kinds[1], {"lib/python3.9/x.py": ""}, requires=requires),
    )


def edges(**requires: Tuple[str, ...]) -> Dict[str, List[str]]:
    keys = {key.rpartition("/")[2]: key for key in VERSIONS}
    found = dependencies(image({keys[name]: texts for name, texts in requires.items()}), PLATFORM)

    def name(purl: str) -> str:
        return purl.rpartition("/")[2].partition("@")[0]

    return {name(one): [name(each) for each in others] for one, others in found.items() if others}


def test_every_package_has_an_entry() -> None:
    assert set(dependencies(image({}), PLATFORM)) == {
        f"pkg:{key}@{v}" for key, v in VERSIONS.items()
    }


@pytest.mark.parametrize(
    "text, needed",
    [
        ("flask (<3,>=2)", ["flask"]),
        ("Flask>=2", ["flask"]),
        ("flask ; python_version < '3.8'", []),
        ("flask ; python_version >= '3.8'", ["flask"]),
        ("flask ; sys_platform == 'win32'", []),
        ("flask ; extra == 'web'", []),
        ("absent", []),
        ("flask (what?", []),
        ("", []),
    ],
)
def test_a_requirement_counts_where_it_applies_and_is_there(text: str, needed: List[str]) -> None:
    assert edges(airflow=(text,)).get("airflow", []) == needed


def test_an_extra_counts_where_a_package_asks_for_it() -> None:
    jose = ("click ; extra == 'other'", "cryptography ; extra == 'backend'")

    assert "jose" not in edges(airflow=("jose",), jose=jose)
    assert edges(airflow=("jose[backend]",), jose=jose)["jose"] == ["cryptography"]


def test_packages_may_need_each_other() -> None:
    assert edges(flask=("click",), click=("flask", "click")) == {
        "flask": ["click"],
        "click": ["flask"],
    }


def test_a_debian_package_needs_the_first_alternative_that_is_there() -> None:
    assert edges(bash=("libc6 (>= 2.25)", "gawk | mawk:any | libc6", "awk-virtual")) == {
        "bash": ["libc6", "mawk"]
    }
