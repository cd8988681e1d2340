"""Credentials from the ordinary Docker configuration.

Source: docker/cli, cli/config/configfile; docker-credential-helpers, README.md, "Usage".
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

from oci.distribution.address import RegistryAddress
from oci.distribution.errors import RegistryError

_HELPER_SECONDS = 120
"""A helper may have to ask the user, in a browser for example."""

_NOT_FOUND = "credentials not found in native keychain"
"""How all helpers say that they know nothing of a registry."""

_TOKEN_USER = "<token>"
"""The user name of what is an identity token and no password."""


@dataclass(frozen=True)
class Credentials:
    """What a registry is to believe. No field but the user name is ever shown."""

    username: str = ""
    password: str = field(default="", repr=False)

    identity_token: str = field(default="", repr=False)
    """Exchanged for access tokens, in place of a password."""

    registry_token: str = field(default="", repr=False)
    """An access token as it is."""


class DockerConfig:
    """The file `config.json`.

    Args:
        env: The user's environment: where the file is, and what helpers run in.

    Raises:
        RegistryError: The file is there and cannot be read.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        home = Path(env.get("HOME") or "/")
        self.path = Path(env.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
        self._content: Dict[str, Any] = {}
        try:
            content = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            # Not what is wrong where: that would quote from the file.
            reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
            raise RegistryError(
                f"{self.path}: Docker's configuration cannot be read ({reason}): mend it, or name "
                "another folder in DOCKER_CONFIG."
            ) from None
        if not isinstance(content, dict):
            raise RegistryError(f"{self.path}: Docker's configuration must be a JSON object.")
        self._content = content

    def credentials(self, registry: RegistryAddress) -> Optional[Credentials]:
        """What the configuration holds for a registry, if anything.

        A helper for this registry comes first, then the helper for all, then the file itself.

        Raises:
            RegistryError: A helper is not there or fails, or an entry is no such.
        """
        helper = self._section("credHelpers").get(registry.config_key)
        helper = helper or self._content.get("credsStore")
        if helper:
            found = self._ask(str(helper), registry)
            if found:
                return found
        for key, entry in self._section("auths").items():
            if _normal(key) == _normal(registry.config_key) and isinstance(entry, dict):
                return self._from_entry(key, entry)
        return None

    def _section(self, name: str) -> Dict[str, Any]:
        section = self._content.get(name)
        return section if isinstance(section, dict) else {}

    def _from_entry(self, key: str, entry: Mapping[str, Any]) -> Optional[Credentials]:
        username, password = str(entry.get("username", "")), str(entry.get("password", ""))
        if entry.get("auth"):
            try:
                decoded = base64.b64decode(entry["auth"], validate=True).decode()
                username, separator, password = decoded.partition(":")
            except (TypeError, ValueError):
                separator = ""
            if not separator:
                raise RegistryError(
                    f"{self.path}: `auths` holds no user name and password for {key}: log in again "
                    f"with `docker login {key}`."
                )
        found = Credentials(
            username=username,
            # Docker pads it with zero bytes.
            password=password.rstrip("\0"),
            identity_token=str(entry.get("identitytoken", "")),
            registry_token=str(entry.get("registrytoken", "")),
        )
        return None if found == Credentials() else found

    def _ask(self, helper: str, registry: RegistryAddress) -> Optional[Credentials]:
        command = f"docker-credential-{helper}"
        program = shutil.which(command, path=self._env.get("PATH"))
        where = f"{self.path}: the credential helper `{command}` for {registry.name}"
        if program is None:
            raise RegistryError(f"{where} is not on the PATH: install it, or take it out there.")
        try:
            # What it prints is a secret: it is never shown. What it has to say goes to stderr.
            answer = subprocess.run(
                [program, "get"],
                input=registry.config_key.encode(),
                stdout=subprocess.PIPE,
                env=dict(self._env),
                timeout=_HELPER_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise RegistryError(f"{where} gave no answer in {_HELPER_SECONDS} seconds.") from None
        except OSError as error:
            raise RegistryError(f"{where} cannot be started: {error.strerror}.") from None
        if answer.returncode:
            if _NOT_FOUND in answer.stdout.decode(errors="replace"):
                return None
            raise RegistryError(
                f"{where} failed with status {answer.returncode}: "
                f"`echo {registry.config_key} | {command} get` says why."
            )
        try:
            content = json.loads(answer.stdout)
            username, secret = str(content["Username"]), str(content["Secret"])
        except (ValueError, TypeError, KeyError):
            raise RegistryError(f"{where} gave no user name and secret.") from None
        if username == _TOKEN_USER:
            return Credentials(identity_token=secret)
        return Credentials(username=username, password=secret)


def _normal(key: str) -> str:
    """A key without what older versions of Docker wrote around the host."""
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]
