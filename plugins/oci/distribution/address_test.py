from __future__ import annotations

import pytest
from oci.distribution.address import parse_address
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
    ],
)
def test_only_loopback_is_spoken_to_in_plain_text(text: str, plain_http: bool, url: str) -> None:
    assert parse_address(text, plain_http).base_url == url


def test_plain_text_to_another_machine_must_be_declared() -> None:
    with pytest.raises(RegistryError, match="set `plain_http = true`"):
        parse_address("http://registry.example.com")


@pytest.mark.parametrize("text", ["", "registry/path", "ftp://registry", "user@registry", "a b"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(RegistryError, match="is no host name"):
        parse_address(text)


def test_docker_hub_has_a_host_and_a_key_of_its_own() -> None:
    hub = parse_address("docker.io")
    assert (hub.name, hub.config_key) == ("docker.io", "https://index.docker.io/v1/")
    assert hub.base_url == "https://registry-1.docker.io"
