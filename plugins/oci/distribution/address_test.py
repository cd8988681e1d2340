from __future__ import annotations

import pytest
from oci.distribution.address import parse_address, same_origin
from oci.distribution.errors import RegistryError


@pytest.mark.parametrize(
    "text, plain_http, url",
    [
        ("registry.example.com", False, "https://registry.example.com"),
        ("registry.example.com:5000", False, "https://registry.example.com:5000"),
        ("https://registry.example.com", False, "https://registry.example.com"),
        ("registry.example.com", True, "http://registry.example.com"),
        ("http://registry.example.com", True, "http://registry.example.com"),
        ("localhost:5000", False, "http://localhost:5000"),
        ("127.3.2.1:5000", False, "http://127.3.2.1:5000"),
        ("[::1]:5000", False, "http://[::1]:5000"),
        ("https://localhost:5000", False, "https://localhost:5000"),
        ("HTTP://LocalHost:5000", False, "http://localhost:5000"),
        # However it is written, it is one registry.
        ("Registry.Example.com", False, "https://registry.example.com"),
        ("registry.example.com:443", False, "https://registry.example.com"),
        ("registry.example.com:80", True, "http://registry.example.com"),
        ("registry.example.com:80", False, "https://registry.example.com:80"),
        ("http://[2001:db8::1]:80", True, "http://[2001:db8::1]"),
    ],
)
def test_only_loopback_is_spoken_to_in_plain_text(text: str, plain_http: bool, url: str) -> None:
    assert parse_address(text, plain_http).base_url == url


def test_plain_text_to_another_machine_must_be_declared() -> None:
    with pytest.raises(RegistryError, match="set `plain_http = true`"):
        parse_address("http://registry.example.com")


@pytest.mark.parametrize(
    "text", ["", "registry/path", "ftp://registry", "user@registry", "a b", "registry:99999"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(RegistryError, match="is not a host name"):
        parse_address(text)


def test_docker_hub_has_a_host_and_a_key_of_its_own() -> None:
    hub = parse_address("docker.io")
    assert (hub.name, hub.config_key) == ("docker.io", "https://index.docker.io/v1/")
    assert hub.base_url == "https://registry-1.docker.io"
    assert parse_address("https://Index.docker.io:443") == hub


@pytest.mark.parametrize(
    "address, url, expected",
    [
        ("registry.example.com", "https://registry.example.com:443/v2/x?a=b", "/v2/x?a=b"),
        # Behind a proxy that speaks https for it.
        ("registry.example.com", "http://registry.example.com/v2/x", "/v2/x"),
        ("registry.example.com", "http://registry.example.com:80/v2/x", "/v2/x"),
        ("registry.example.com", "http://registry.example.com:443/v2/x", "/v2/x"),
        ("registry.example.com:5000", "http://REGISTRY.example.com:5000/x", "/x"),
        ("registry.example.com:5000", "https://registry.example.com/x", None),
        ("registry.example.com", "https://registry.example.com:5000/x", None),
        ("registry.example.com", "https://registry.example.com.other/x", None),
        ("registry.example.com", "https://other/registry.example.com/x", None),
        ("[::1]:5000", "http://[0:0::1]:5000/x", "/x"),
    ],
)
def test_a_registry_knows_its_own_addresses(address: str, url: str, expected: str) -> None:
    parsed = parse_address(address)
    assert parsed.localized(url) == (expected and parsed.base_url + expected)


@pytest.mark.parametrize("url", ["http://[", "http://[::1]:99999999/", "https://x:port/"])
def test_what_is_no_address_is_nobodys(url: str) -> None:
    assert not same_origin(url, "https://registry.example.com")
    with pytest.raises(ValueError):
        parse_address("registry.example.com").localized(url)
