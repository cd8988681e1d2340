"""Reads JSON and YAML whose mappings name each key once.

The parsers keep the last value of a key that stands twice, so half of an edit would be lost.
"""

from __future__ import annotations

import json
from typing import Any, Hashable

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"


class DuplicateKey(ValueError):
    """A mapping names a key twice. The message names the key and, in YAML, the line."""


class _UniqueKeyLoader(_Loader):
    """Builds plain values only, and refuses a key that a mapping names twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, _ in node.value:
                # What `<<` brings may stand in the mapping itself, too: the mapping's own counts.
                if key.tag == _MERGE:
                    continue
                name = self.construct_object(key, deep=True)
                if not isinstance(name, Hashable):
                    # The loader says that it is not a key.
                    continue
                if name in seen:
                    line = key.start_mark.line + 1
                    raise DuplicateKey(f"the key {name!r} stands twice, again in line {line}")
                seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DuplicateKey(f"the key {twice!r} stands twice in one object")
    return data


def read_json(content: bytes | str) -> Any:
    """Read JSON.

    Raises:
        DuplicateKey: an object names a key twice.
        ValueError, RecursionError: it is not JSON.
    """
    return json.loads(content, object_pairs_hook=_unique)


def read_yaml(content: bytes | str) -> Any:
    """Read one document of YAML that holds plain values.

    Raises:
        DuplicateKey: a mapping names a key twice.
        yaml.YAMLError, ValueError, OverflowError, RecursionError: it is not YAML, or a value of it
            is none, such as the 45th of a month.
    """
    return yaml.load(content, Loader=_UniqueKeyLoader)
