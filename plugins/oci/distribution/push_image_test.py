"""Runs the program that pushes, with the configurations of Docker that users have."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping

import pytest
from oci.distribution import push_image
from oci.distribution.push_request import PushRequest
from oci.format.layout import Layout
from oci.testing.images import noise, write_image
from oci.testing.registry import HTPASSWD, PASSWORD, USER, RegistryServer
from oci.testing.tokens import IDENTITY_TOKEN, TokenServer, make_certificate

WRONG = "wrong horse"
SECRETS = (PASSWORD, WRONG, IDENTITY_TOKEN)


class Publisher:
    """A user with a home of their own."""

    def __init__(self, folder: Path, image: Layout) -> None:
        self.home = folder / "home"
        self.programs = folder / "bin"
        self.programs.mkdir(parents=True)
        self._folder = folder
        self._image = image
        self.env: Dict[str, str] = {}

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write Docker's configuration."""
        path = self.home / ".docker" / "config.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config))

    def log_in(self, address: str, password: str = PASSWORD) -> None:
        """What `docker login` writes where there is no credential helper."""
        pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
        self.configure({"auths": {address: {"auth": pair}}})

    def helper(self, name: str, script: str) -> None:
        """Install a credential helper."""
        program = self.programs / f"docker-credential-{name}"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def push(self, address: str, **more: Any) -> "subprocess.CompletedProcess[str]":
        """Run the program; nothing secret may be in what it says."""
        fields: Dict[str, Any] = {
            "plain_http": False,
            "repository": "team/astro-runtime",
            "tag": "5.0.6",
            "force": False,
            "mount_from": (),
            "chunk": 1 << 20,
        }
        request = PushRequest(address=address, **{**fields, **more})
        program = [sys.executable, "-m", push_image.__name__]
        result = subprocess.run(
            [*program, str(self._image.root), request.to_json()],
            env={
                "HOME": str(self.home),
                "PATH": f"{self.programs}:/usr/bin:/bin",
                # As in the toolchain: helpers must not see it.
                "LD_LIBRARY_PATH": "/nowhere",
                **self.env,
                "PYTHONPATH": ":".join(entry for entry in sys.path if entry),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert not any(secret in result.stdout for secret in SECRETS)
        return result


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    image = write_image(tmp_path / "image", [noise("layer", 1 << 16)])
    return Publisher(tmp_path / "publisher", image)


@pytest.fixture
def basic(tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry that asks for a user name and a password."""
    users = tmp_path / "htpasswd"
    users.write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "a test", "path": str(users)}}
    registry = RegistryServer(tmp_path / "registry", auth).start()
    yield registry
    registry.kill()


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    with TokenServer(tmp_path / "tokens") as server:
        yield server


@pytest.fixture
def bearer(tmp_path: Path, tokens: TokenServer) -> Iterator[RegistryServer]:
    """A registry that asks for tokens of `tokens`."""
    registry = RegistryServer(tmp_path / "registry", tokens.auth).start()
    yield registry
    registry.kill()


def test_a_password_of_docker_login_is_used(publisher: Publisher, basic: RegistryServer) -> None:
    publisher.log_in(basic.address)
    result = publisher.push(basic.address)
    assert result.returncode == 0, result.stdout
    assert "sent in" in result.stdout


def test_the_folder_of_docker_config_counts(
    publisher: Publisher, basic: RegistryServer, tmp_path: Path
) -> None:
    publisher.log_in(basic.address)
    (publisher.home / ".docker").rename(tmp_path / "elsewhere")
    publisher.env["DOCKER_CONFIG"] = str(tmp_path / "elsewhere")
    assert publisher.push(basic.address).returncode == 0


@pytest.mark.parametrize("section", ["credHelpers", "credsStore"])
def test_a_credential_helper_is_asked(
    publisher: Publisher, basic: RegistryServer, section: str
) -> None:
    answer = json.dumps({"Username": USER, "Secret": PASSWORD})
    publisher.helper(
        "safe",
        f'[ "$1" = get ] && [ "$(cat)" = {basic.address} ] && [ -z "$LD_LIBRARY_PATH" ] &&\n'
        f"echo '{answer}'",
    )
    every: Any = {"credHelpers": {basic.address: "safe"}, "credsStore": "safe"}
    publisher.configure({"auths": {basic.address: {}}, section: every[section]})
    result = publisher.push(basic.address)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "script, sentence",
    [
        ("exit 3", "failed with status 3"),
        (f"echo {PASSWORD}; exit 1", "failed with status 1"),
        ("echo nonsense", "gave no user name and secret"),
        (None, "is not on the PATH"),
    ],
)
def test_a_credential_helper_that_fails_is_named(
    publisher: Publisher, basic: RegistryServer, script: str, sentence: str
) -> None:
    if script:
        publisher.helper("broken", script)
    publisher.configure({"credHelpers": {basic.address: "broken"}})
    result = publisher.push(basic.address)
    assert result.returncode == 1
    assert f"`docker-credential-broken` for {basic.address} {sentence}" in result.stdout
    assert result.stdout.count("\n") == 1


def test_a_helper_that_knows_nothing_leaves_it_to_the_file(
    publisher: Publisher, basic: RegistryServer
) -> None:
    publisher.helper("empty", "echo credentials not found in native keychain; exit 1")
    publisher.log_in(basic.address)
    config = json.loads((publisher.home / ".docker" / "config.json").read_text())
    publisher.configure({**config, "credsStore": "empty"})
    assert publisher.push(basic.address).returncode == 0


def test_a_token_is_fetched_with_the_password(
    publisher: Publisher, bearer: RegistryServer, tokens: TokenServer
) -> None:
    publisher.log_in(bearer.address)
    result = publisher.push(bearer.address)
    assert result.returncode == 0, result.stdout
    # One for the whole push.
    assert tokens.scopes == [["repository:team/astro-runtime:pull,push"]]


def test_a_token_is_fetched_with_an_identity_token(
    publisher: Publisher, bearer: RegistryServer
) -> None:
    publisher.configure({"auths": {bearer.address: {"identitytoken": IDENTITY_TOKEN}}})
    result = publisher.push(bearer.address)
    assert result.returncode == 0, result.stdout


def test_a_token_that_ends_during_the_push_is_renewed(
    publisher: Publisher, bearer: RegistryServer, tokens: TokenServer
) -> None:
    tokens.seconds = 0.001
    publisher.log_in(bearer.address)
    result = publisher.push(bearer.address)
    # The registry grants a minute of leeway to clocks, so each is good for one request.
    assert result.returncode == 0, result.stdout
    assert len(tokens.scopes) > 1


def test_a_layer_is_mounted_with_a_token_for_both_repositories(
    publisher: Publisher, bearer: RegistryServer, tokens: TokenServer
) -> None:
    publisher.log_in(bearer.address)
    publisher.push(bearer.address)
    result = publisher.push(
        bearer.address, repository="team/other", mount_from=("team/astro-runtime",)
    )
    assert result.returncode == 0, result.stdout
    assert ", 0 B sent in" in result.stdout
    scopes = ["repository:team/other:pull,push", "repository:team/astro-runtime:pull"]
    assert scopes in tokens.scopes


def test_wrong_and_missing_credentials_are_told(
    publisher: Publisher, basic: RegistryServer
) -> None:
    missing = publisher.push(basic.address)
    publisher.log_in(basic.address, WRONG)
    wrong = publisher.push(basic.address)
    for result in (missing, wrong):
        assert result.returncode == 1
        assert result.stdout.count("\n") == 1
        assert f"`docker login {basic.address}`" in result.stdout
    assert "holds none" in missing.stdout
    assert f"refuses the credentials of {USER}" in wrong.stdout


def test_a_token_server_that_refuses_is_told(publisher: Publisher, bearer: RegistryServer) -> None:
    publisher.log_in(bearer.address, WRONG)
    result = publisher.push(bearer.address)
    assert result.returncode == 1
    assert f"refuses the credentials of {USER} (401)" in result.stdout
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize("content", ["{", '"text"', '{"auths": {"ADDRESS": {"auth": "§"}}}'])
def test_a_broken_configuration_is_told(
    publisher: Publisher, basic: RegistryServer, content: str
) -> None:
    publisher.configure({})
    path = publisher.home / ".docker" / "config.json"
    path.write_text(content.replace("ADDRESS", basic.address))
    result = publisher.push(basic.address)
    assert result.returncode == 1
    assert result.stdout.startswith(f"{path}: ")
    assert result.stdout.count("\n") == 1


def test_certificates_of_the_user_are_trusted_and_no_others(
    publisher: Publisher, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path / "tls")
    registry = RegistryServer(tmp_path / "registry", tls=(certificate, key)).start()
    try:
        address = f"https://{registry.address}"
        refused = publisher.push(address)
        publisher.env["SSL_CERT_FILE"] = str(certificate)
        trusted = publisher.push(address)
        publisher.env["SSL_CERT_FILE"] = "/nowhere.pem"
        absent = publisher.push(address)
    finally:
        registry.kill()
    assert refused.returncode == 1
    assert "certificate is not trusted here" in refused.stdout
    assert trusted.returncode == 0, trusted.stdout
    assert "no bundle of certificates at '/nowhere.pem'" in absent.stdout


def test_https_to_a_registry_without_it_is_told(
    publisher: Publisher, basic: RegistryServer
) -> None:
    result = publisher.push(f"https://{basic.address}")
    assert result.returncode == 1
    assert "does not speak https" in result.stdout
