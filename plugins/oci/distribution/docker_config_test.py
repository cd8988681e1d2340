"""Docker's configuration in all the forms that machines have it in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import pytest
from oci.distribution.address import parse_address
from oci.distribution.docker_config import Credentials, DockerConfig
from oci.distribution.errors import RegistryError

HOST = "registry.example.com"


def entry(username: str, password: str = "secret") -> Dict[str, str]:
    """What `docker login` writes."""
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


class Home:
    """A home with a configuration and credential helpers."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".docker" / "config.json"
        self.path.parent.mkdir()
        self.programs = folder / "bin"
        self.programs.mkdir()

    def helper(self, name: str, script: str) -> None:
        """Install a credential helper, which gets the key that it is asked for as `$key`."""
        program = self.programs / f"docker-credential-{name}"
        program.write_text(f"#!/bin/sh\nread -r key\necho $key >> {self.path}.asked\n{script}\n")
        program.chmod(0o755)

    @property
    def asked(self) -> "list[str]":
        """The keys that helpers were asked for."""
        return Path(f"{self.path}.asked").read_text().split()

    def find(
        self, config: Mapping[str, Any], address: str = HOST, repository: str = "team/demo"
    ) -> Optional[Credentials]:
        """What is found for a repository."""
        self.path.write_text(json.dumps(config))
        env = {"DOCKER_CONFIG": str(self.path.parent), "PATH": f"{self.programs}:/usr/bin:/bin"}
        return DockerConfig(env).credentials(parse_address(address, True), repository)

    def user(self, config: Mapping[str, Any], address: str = HOST) -> str:
        """Whose credentials are found; empty if none are."""
        found = self.find(config, address)
        return found.username if found else ""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    "key, address",
    [
        (HOST, HOST),
        (f"https://{HOST}", HOST),
        (f"https://{HOST}/", HOST),
        (f"https://{HOST}/v1/", HOST),
        (f"https://{HOST}/v2/", HOST),
        (f"{HOST}/v1/", HOST),
        (f"http://{HOST}", f"http://{HOST}"),
        (f"https://{HOST}:443/v1/", f"https://{HOST}"),
        (f"{HOST}:443", f"https://{HOST}"),
        (HOST, f"https://{HOST}:443"),
        (HOST, f"http://{HOST}:80"),
        ("Registry.Example.com", HOST),
        (HOST, "REGISTRY.example.com"),
        (f"https://{HOST}:5000/v1/", f"{HOST}:5000"),
        ("[::1]:5000", "[::1]:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("https://index.docker.io/v2/", "registry-1.docker.io"),
        ("index.docker.io", "docker.io"),
        ("docker.io", "index.docker.io"),
        (f"{HOST}/team", HOST),
        (f"{HOST}/team/demo", HOST),
        (f"{HOST}/another/path", HOST),
    ],
)
def test_a_registry_is_found_under_all_of_its_names(home: Home, key: str, address: str) -> None:
    assert (
        home.user({"auths": {"other.example.com": entry("other"), key: entry("me")}}, address)
        == "me"
    )


@pytest.mark.parametrize(
    "key, address",
    [
        ("example.com", HOST),
        (f"{HOST}.other.example.com", HOST),
        (f"{HOST}:5000", HOST),
        (HOST, f"{HOST}:5000"),
        (f"{HOST}:80", f"https://{HOST}"),
        (f"other.example.com/{HOST}", HOST),
        ("", HOST),
    ],
)
def test_another_registry_is_not_taken_for_it(home: Home, key: str, address: str) -> None:
    assert home.user({"auths": {key: entry("me")}}, address) == ""


def test_the_closest_entry_counts(home: Home) -> None:
    keys = [f"{HOST}/team/demo", f"{HOST}/team", HOST, f"https://{HOST}", f"https://{HOST}/v1/"]
    while keys:
        # Written the other way round: their order says nothing.
        auths = {key: entry(str(number)) for number, key in reversed(list(enumerate(keys)))}
        assert home.user({"auths": {f"{HOST}/tea": entry("tea"), **auths}}) == "0", keys
        del keys[0]


def test_an_empty_entry_leaves_it_to_the_next(home: Home) -> None:
    auths: Dict[str, Any] = {HOST: {}, f"https://{HOST}": None, f"https://{HOST}/v1/": entry("me")}
    assert home.user({"auths": auths}) == "me"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"auths": {}},
        {"auths": None},
        {"auths": {HOST: {}}},
        {"auths": {HOST: {"auth": ""}}},
        {"auths": {HOST: {"username": None, "password": None, "auth": None}}},
        {"auths": [], "credHelpers": None, "credsStore": None},
        {"HttpHeaders": {"User-Agent": "Docker-Client"}, "credsStore": ""},
    ],
)
def test_what_holds_nothing_is_no_error(home: Home, config: "Dict[str, Any]") -> None:
    assert home.find(config) is None


@pytest.mark.parametrize(
    "written, expected",
    [
        (entry("me", "se:cr:et"), Credentials("me", "se:cr:et")),
        (entry("me", "sécret"), Credentials("me", "sécret")),
        ({"auth": entry("me")["auth"] + "\n"}, Credentials("me", "secret")),
        ({"username": "me", "password": "secret"}, Credentials("me", "secret")),
        ({"identitytoken": "id"}, Credentials(identity_token="id")),
        ({**entry("me", ""), "identitytoken": "id"}, Credentials("me", identity_token="id")),
        ({"registrytoken": "rt", "email": "me@x"}, Credentials(registry_token="rt")),
    ],
)
def test_every_kind_of_entry_is_read(
    home: Home, written: "Dict[str, str]", expected: Credentials
) -> None:
    assert home.find({"auths": {HOST: written}}) == expected


@pytest.mark.parametrize("auth", ["§", "bm8gY29sb24=", 7, ["x"], "////"])
def test_an_entry_that_cannot_be_read_is_named(home: Home, auth: object) -> None:
    with pytest.raises(RegistryError, match=f"for {HOST}: log in again with `docker login {HOST}`"):
        home.find({"auths": {HOST: {"auth": auth}}})


def answer(username: str, secret: str = "secret") -> str:
    """What a helper prints."""
    return "echo '" + json.dumps({"ServerURL": HOST, "Username": username, "Secret": secret}) + "'"


def test_a_helper_for_the_registry_comes_before_the_one_for_all(home: Home) -> None:
    home.helper("one", answer("one"))
    home.helper("all", answer("all"))
    config = {"credsStore": "all", "auths": {HOST: entry("file")}}
    assert home.user(config) == "all"
    for key in (HOST, f"https://{HOST}/v1/", f"{HOST}:443"):
        assert home.user({**config, "credHelpers": {key: "one"}}, f"https://{HOST}") == "one"
    assert home.user({**config, "credHelpers": {"other.example.com": "one"}}) == "all"
    # No helper for this registry: Docker keeps it in the file.
    assert home.user({**config, "credHelpers": {HOST: ""}}) == "file"


@pytest.mark.parametrize(
    "script",
    [
        "echo credentials not found in native keychain; exit 1",
        "echo Error: Credentials not found in keychain; exit 2",
        answer("", ""),
    ],
)
def test_a_helper_that_knows_nothing_leaves_it_to_the_file(home: Home, script: str) -> None:
    home.helper("empty", script)
    assert home.user({"credsStore": "empty", "auths": {HOST: entry("file")}}) == "file"
    assert home.user({"credsStore": "empty"}) == ""


def test_a_helper_is_asked_under_the_name_that_docker_noted(home: Home) -> None:
    key = f"https://{HOST}/v1/"
    home.helper(
        "old",
        f'[ "$key" = {key} ] || {{ echo credentials not found; exit 1; }}\n' + answer("me"),
    )
    assert home.user({"credsStore": "old", "auths": {"other.example.com": {}, key: {}}}) == "me"
    assert home.asked == [HOST, key]


def test_a_warning_before_the_answer_is_passed_over(home: Home) -> None:
    home.helper("loud", "echo 'WARNING: {this} is old' >&2; echo warning\n" + answer("me"))
    assert home.user({"credsStore": "loud"}) == "me"


def test_a_helper_may_give_an_identity_token(home: Home) -> None:
    home.helper("token", answer("<token>", "id"))
    assert home.find({"credsStore": "token"}) == Credentials(identity_token="id")


def test_a_helper_that_is_not_installed_is_told_where_the_file_holds_nothing(home: Home) -> None:
    config = {"credsStore": "desktop", "auths": {HOST: {}}}
    with pytest.raises(RegistryError, match="`docker-credential-desktop` .* is not on the PATH"):
        home.find(config)
    assert home.user({**config, "auths": {HOST: entry("file")}}) == "file"


@pytest.mark.parametrize(
    "script, problem",
    [
        ("exit 3", "failed with status 3"),
        ("kill -9 $$", "failed with status -9"),
        ("true", "gave no user name and secret"),
        ("echo '{}'", "gave no user name and secret"),
        ("echo '[]'", "gave no user name and secret"),
        (answer("", "secret"), "gave no user name and secret"),
    ],
)
def test_a_helper_that_fails_is_told(home: Home, script: str, problem: str) -> None:
    home.helper("broken", script)
    with pytest.raises(RegistryError, match=problem) as error:
        home.find({"credsStore": "broken", "auths": {HOST: entry("file")}})
    assert "\n" not in str(error.value) and "secret'" not in str(error.value)


@pytest.mark.parametrize("section", ["credsStore", "credHelpers"])
def test_a_helper_that_is_no_name_is_told(home: Home, section: str) -> None:
    every: Any = {"credsStore": ["pass"], "credHelpers": {HOST: {"pass": 1}}}
    with pytest.raises(RegistryError, match=f"`{section}` must name credential helpers"):
        home.find({section: every[section]})
