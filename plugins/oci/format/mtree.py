"""Lists of paths in mtree format, one line a path.

A layer's list says what the layer holds without its bytes: layers are compared, checked for
conflicts and explained by it. Source: mtree(5), "full path" form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Iterator

_PLAIN = re.compile(rb"[^!-\"$-<>-\[\]-~]")
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class PathInfo:
    """One path of a layer."""

    path: str
    """Relative to the root of the filesystem: no leading `/` or `./`."""

    kind: str
    """`file`, `dir` or `link`, as mtree(5) names them."""

    mode: int
    """Permission bits, with set-id and sticky bits."""

    uid: int
    gid: int

    mtime: int
    """Seconds since the epoch. Not part of a comparison between layers."""

    size: int = 0
    """Bytes of a file's content; 0 for other kinds."""

    sha256: str = ""
    """Hex digest of a file's content; empty for other kinds."""

    link: str = ""
    """Target of a symbolic link; empty for other kinds."""

    capability: str = ""
    """Hex of the `security.capability` attribute; empty when there is none."""

    package: str = ""
    """Key of the package that brought the path, written as a tag of mtree(5). Not compared."""

    def same_as(self, other: PathInfo) -> bool:
        """Whether both put the same thing there, whatever its time stamp."""
        return (
            self.kind == other.kind
            and (self.kind == "link" or self.mode == other.mode)
            and (self.uid, self.gid) == (other.uid, other.gid)
            and (self.sha256, self.link) == (other.sha256, other.link)
            and self.capability == other.capability
        )


def _quote(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return _PLAIN.sub(lambda match: b"\\%03o" % match[0][0], raw).decode("ascii")


def _unquote(text: str) -> str:
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), text.encode("ascii"))
    return raw.decode("utf-8", "surrogateescape")


def dumps(paths: Iterable[PathInfo]) -> str:
    """Write a list, in the order given."""
    lines = ["#mtree"]
    for info in paths:
        words = [
            f"./{_quote(info.path)}",
            f"type={info.kind}",
            f"mode={info.mode:04o}",
            f"uid={info.uid}",
            f"gid={info.gid}",
            f"time={info.mtime}.0",
        ]
        if info.kind == "file":
            words += [f"size={info.size}", f"sha256digest={info.sha256}"]
        if info.kind == "link":
            words.append(f"link={_quote(info.link)}")
        if info.capability:
            words.append(f"capability={info.capability}")
        if info.package:
            words.append(f"tags={_quote(info.package)}")
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


def loads(text: str) -> Iterator[PathInfo]:
    """Read a list that `dumps` wrote.

    Raises:
        ValueError: a line lacks a keyword that its type needs.
    """
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        path, *words = line.split(" ")
        keywords = dict(word.split("=", 1) for word in words)
        try:
            yield PathInfo(
                path=_unquote(path[2:]),
                kind=keywords["type"],
                mode=int(keywords["mode"], 8),
                uid=int(keywords["uid"]),
                gid=int(keywords["gid"]),
                mtime=int(keywords["time"].partition(".")[0]),
                size=int(keywords.get("size", 0)),
                sha256=keywords.get("sha256digest", ""),
                link=_unquote(keywords.get("link", "")),
                capability=keywords.get("capability", ""),
                package=_unquote(keywords.get("tags", "")),
            )
        except KeyError as error:
            raise ValueError(f"mtree line for {path} has no {error}") from None
