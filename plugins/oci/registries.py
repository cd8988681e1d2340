"""The option `[oci].registries`: where images are pushed to.

Named after the option of Pants' Docker backend, so that what is known of one holds for the other.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Any, Iterator, Mapping

from oci.distribution.address import RegistryAddress, parse_address
from oci.format.references import REPOSITORY
from pants.util.frozendict import FrozenDict

ALL_DEFAULT_REGISTRIES = "<all default registries>"

_MB = 10**6


class RegistryOptionsError(Exception):
    """The option or a field names no registry, or not as it should."""


@dataclass(frozen=True)
class Registry:
    """One entry of the option."""

    address: str
    """Host and port; `oci.distribution.address` says more."""

    alias: str = ""
    """The entry's key; fields refer to it as `@alias`. Empty where a field gives an address."""

    default: bool = False
    """Whether images go there that name no registry. True for an entry called `default`."""

    repository: str = "{repository}"
    """Template of the repository's name."""

    plain_http: bool = False
    """Whether a registry on another machine is spoken to without TLS."""

    mount_from: tuple[str, ...] = ()
    """Repositories there that may hold the same layers, besides those of the images here."""

    chunk_mb: int = 64
    """Megabytes in one request of an upload; a larger blob is sent in several."""

    attach: bool = True
    """Whether bills of materials and provenance are pushed with an image."""

    @property
    def parsed(self) -> RegistryAddress:
        """The address.

        Raises:
            RegistryError: It is none.
        """
        return parse_address(self.address, self.plain_http)

    @property
    def chunk(self) -> int:
        """Bytes in one request."""
        return self.chunk_mb * _MB

    def repository_of(self, origin: str, values: Mapping[str, str]) -> str:
        """The repository of an image.

        Args:
            origin: The image, for errors.
            values: What the template may use.

        Raises:
            RegistryOptionsError: The template uses something else, or makes no valid name.
        """
        where = f"`[oci].registries` '{self.alias or self.address}'"
        try:
            name = self.repository.format(**values)
        except (LookupError, ValueError, AttributeError):
            known = ", ".join(f"{{{key}}}" for key in values)
            raise RegistryOptionsError(
                f"pants.toml: {where}: `repository` is '{self.repository}'. It may use {known}."
            ) from None
        if not REPOSITORY.fullmatch(name):
            raise RegistryOptionsError(
                f"pants.toml: {where}: `repository` makes '{name}' of {origin}. A repository has "
                "lower-case letters, digits and single separators only, as in 'team/astro-runtime'."
            )
        return name


def _entry(alias: str, options: object) -> Registry:
    where = f"pants.toml: `[oci].registries` '{alias}'"
    if not isinstance(options, Mapping):
        raise RegistryOptionsError(f"{where} must be a table with an `address`.")
    switches = dict.fromkeys(("attach", "default", "plain_http"), bool)
    kinds: dict[str, Any] = {**switches, "chunk_mb": int, "mount_from": (list, tuple)}
    known = {item.name for item in fields(Registry)} - {"alias"}
    values: dict[str, Any] = {"default": alias == "default"}
    for key, value in options.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"there are {sorted(known)}."
            raise RegistryOptionsError(f"{where} has no option `{key}`: {hint}")
        kind = kinds.get(key, str)
        if not isinstance(value, kind) or (kind is int and (value is True or value < 1)):
            raise RegistryOptionsError(f"{where}: `{key}` is {value!r}, which it cannot be.")
        values[key] = tuple(value) if key == "mount_from" else value
    if "address" not in values:
        raise RegistryOptionsError(f"{where} has no `address`: set it to the registry's host.")
    return Registry(alias=alias, **values)


@dataclass(frozen=True)
class Registries:
    """All entries."""

    by_alias: FrozenDict[str, Registry]

    @classmethod
    def from_dict(cls, options: Mapping[str, object]) -> Registries:
        """Read the option.

        Raises:
            RegistryOptionsError: An entry is wrong.
        """
        return cls(FrozenDict({alias: _entry(alias, value) for alias, value in options.items()}))

    def get(self, origin: str, names: tuple[str, ...]) -> Iterator[Registry]:
        """The registries that a target names, each once.

        Args:
            origin: The target, for errors.
            names: Values of its field `registries`.

        Raises:
            RegistryOptionsError: There is none of that name.
        """
        found: dict[str, Registry] = {}
        for name in names:
            for registry in self._named(origin, name):
                found.setdefault(registry.parsed.base_url, registry)
        yield from found.values()

    def _named(self, origin: str, name: str) -> Iterator[Registry]:
        if name == ALL_DEFAULT_REGISTRIES:
            yield from (entry for entry in self.by_alias.values() if entry.default)
        elif name.startswith("@"):
            if name[1:] not in self.by_alias:
                raise RegistryOptionsError(
                    f"{origin}: `registries` names '{name}', which `[oci].registries` has not: "
                    f"add the table `[oci.registries.{name[1:]}]` to pants.toml."
                )
            yield self.by_alias[name[1:]]
        else:
            entries = (entry for entry in self.by_alias.values() if entry.address == name)
            yield next(entries, Registry(address=name))
