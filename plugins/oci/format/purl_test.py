from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci.format.purl import PackageUrl, package_key
from oci.testing.fuzz import fuzzed
from packageurl import PackageURL

URLS = {
    "pkg:pypi/pip@22.1.2": PackageUrl("pypi", "pip", "22.1.2"),
    "pkg:pypi/apache-airflow@2.3.3%2Bastro.1": PackageUrl(
        "pypi", "apache-airflow", "2.3.3+astro.1"
    ),
    "pkg:deb/debian/libstdc%2B%2B6@10.2.1-6?arch=amd64&distro=debian-11": PackageUrl(
        "deb", "libstdc++6", "10.2.1-6", "debian", {"arch": "amd64", "distro": "debian-11"}
    ),
    "pkg:deb/debian/libdevmapper@2:1.02~rc1?arch=amd64&upstream=lvm2%402.03": PackageUrl(
        "deb", "libdevmapper", "2:1.02~rc1", "debian", {"arch": "amd64", "upstream": "lvm2@2.03"}
    ),
    "pkg:oci/demo@sha256:ab?arch=amd64&tag=1.0": PackageUrl(
        "oci", "demo", "sha256:ab", qualifiers={"arch": "amd64", "tag": "1.0"}
    ),
}


@pytest.mark.parametrize("text", URLS)
def test_a_url_is_written_and_read_with_its_quotes(text: str) -> None:
    assert str(URLS[text]) == text
    assert PackageUrl.parse(text) == URLS[text]


def test_a_url_that_quotes_more_is_read_too() -> None:
    assert PackageUrl.parse("pkg:deb/debian/a@2%3A1").version == "2:1"


NAMES = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,8}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9][0-9A-Za-z.+:~-]{0,9}", fullmatch=True)


@fuzzed(100)
@given(NAMES, VERSIONS, st.dictionaries(st.sampled_from(["arch", "upstream"]), VERSIONS))
def test_urls_are_those_of_the_specification_s_library(
    name: str, version: str, qualifiers: "dict[str, str]"
) -> None:
    ordered = dict(sorted(qualifiers.items()))
    url = PackageUrl("deb", name, version, "debian", ordered)

    assert str(url) == PackageURL("deb", "debian", name, version, ordered).to_string()
    assert PackageUrl.parse(str(url)) == url


@pytest.mark.parametrize(
    "purl, key",
    [
        ("pkg:pypi/pip@22.1.2", "pypi/pip"),
        (
            "pkg:deb/debian/libstdc%2B%2B6@10.2.1-6?arch=amd64&distro=debian-11",
            "deb/debian/libstdc%2B%2B6",
        ),
    ],
)
def test_a_key_outlives_a_version(purl: str, key: str) -> None:
    assert package_key(purl) == PackageUrl.parse(purl).key == key
