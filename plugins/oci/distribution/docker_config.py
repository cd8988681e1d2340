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
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from oci.distribution.address import RegistryAddress
from oci.distribution.errors import RegistryError

_HELPER_SECONDS = 120
"""A helper may have to ask the user, in a browser for example."""

_NOT_FOUND = "credentials not found"
"""How helpers say that they know nothing of a registry."""

_VERSIONS = ("v0", "v1", "v2")
"""Of the protocol: what older versions of Docker write after the host."""

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
        except (OSError, RecursionError, ValueError) as error:
            # Not what is wrong where: that would quote from the file.
            reason = error.strerror if isinstance(error, OSError) else "it is not valid JSON"
            raise RegistryError(
                f"{self.path}: Docker's configuration cannot be read ({reason}): mend it, or name "
                "another folder in DOCKER_CONFIG."
            ) from None
        if not isinstance(content, dict):
            raise RegistryError(f"{self.path}: Docker's configuration must be a JSON object.")
        self._content = content

    def credentials(self, registry: RegistryAddress, repository: str = "") -> Optional[Credentials]:
        """What the configuration holds for a repository of a registry, if anything.

        A helper for this registry comes first, then the helper for all, then the file itself.

        Raises:
            RegistryError: A helper is not there or fails, or an entry is not valid.
        """
        entries = self._section("auths")
        keys = _matching(entries, registry, repository)
        found, problem = self._from_helper(registry, repository, keys)
        for key in () if found else keys:
            if isinstance(entries[key], dict):
                found = found or self._from_entry(key, entries[key])
        if problem and not found:
            raise problem
        return found

    def _from_helper(
        self, registry: RegistryAddress, repository: str, keys: Iterable[str]
    ) -> Tuple[Optional[Credentials], Optional[RegistryError]]:
        """What the helper for a registry knows, or why it cannot even be asked."""
        helpers = self._section("credHelpers")
        own = _matching(helpers, registry, repository)
        option, helper = "credsStore", self._content.get("credsStore")
        if own:
            option, helper = "credHelpers", helpers[own[0]]
        if not helper:
            # An empty name says that the file itself holds what there is.
            return None, None
        if not isinstance(helper, str):
            raise RegistryError(
                f"{self.path}: `{option}` must name credential helpers, as in "
                "'pass' for `docker-credential-pass`."
            )
        command = f"docker-credential-{helper}"
        where = f"{self.path}: the credential helper `{command}` for {registry.name}"
        program = shutil.which(command, path=self._env.get("PATH"))
        if program is None:
            return None, RegistryError(
                f"{where} is not on the PATH: install it, or take it out there."
            )
        # Docker notes in the file under which name the helper keeps a registry.
        for name in dict.fromkeys((registry.config_key, *keys)):
            found = self._ask(program, name, where)
            if found:
                return found, None
        return None, None

    def _section(self, name: str) -> Dict[str, Any]:
        section = self._content.get(name)
        return section if isinstance(section, dict) else {}

    def _from_entry(self, key: str, entry: Mapping[str, Any]) -> Optional[Credentials]:
        username, password = _text(entry, "username"), _text(entry, "password")
        if entry.get("auth"):
            try:
                encoded = "".join(entry["auth"].split())
                decoded = base64.b64decode(encoded, validate=True).decode()
                username, separator, password = decoded.partition(":")
            except (AttributeError, TypeError, ValueError):
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
            identity_token=_text(entry, "identitytoken"),
            registry_token=_text(entry, "registrytoken"),
        )
        return None if found == Credentials() else found

    def _ask(self, program: str, key: str, where: str) -> Optional[Credentials]:
        try:
            # What it prints is a secret: it is never shown. What it has to say goes to stderr.
            answer = subprocess.run(
                [program, "get"],
                input=key.encode(),
                stdout=subprocess.PIPE,
                env=dict(self._env),
                timeout=_HELPER_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise RegistryError(
                f"{where} gave no answer in {_HELPER_SECONDS} seconds: "
                f"`echo {key} | {Path(program).name} get` says why."
            ) from None
        except OSError as error:
            raise RegistryError(
                f"{where} cannot be started ({error.strerror}): install it anew, or take it out "
                "there."
            ) from None
        printed = answer.stdout.decode(errors="replace")
        if answer.returncode:
            if _NOT_FOUND in printed.lower():
                return None
            raise RegistryError(
                f"{where} failed with status {answer.returncode}: "
                f"`echo {key} | {Path(program).name} get` says why."
            )
        try:
            # Some print warnings before.
            content = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
            username, secret = content["Username"], content["Secret"]
            if not isinstance(secret, str) or (secret and not username):
                raise TypeError
        except (RecursionError, ValueError, TypeError, KeyError):
            raise RegistryError(
                f"{where} gave no user name and secret: log in again with `docker login {key}`."
            ) from None
        if username == _TOKEN_USER:
            return Credentials(identity_token=secret)
        return Credentials(username=str(username), password=secret) if username else None


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _matching(entries: Mapping[str, Any], registry: RegistryAddress, repository: str) -> List[str]:
    """The keys that are about a repository of a registry, the closest first.

    Source: docker/cli, cli/config/credentials; containers/image, docs/containers-auth.json.5.md.
    """

    def distance(key: str, path: str) -> Tuple[int, int]:
        if path and f"{repository}/".startswith(f"{path}/"):
            return 0, -len(path)
        if key == registry.config_key:
            return 1, 0
        if not path:
            return 2, 0
        # Docker compares hosts alone, whatever follows.
        return (3, 0) if path in _VERSIONS else (4, 0)

    named = {key: registry.names(key) for key in entries}
    found = {key: path for key, path in named.items() if path is not None}
    return sorted(found, key=lambda key: distance(key, found[key]))
