"""Builds a layer of plain files, links and directories.

usage: files_layer.py --output DIR --codec CODEC --tools DIR SPEC ROOT

SPEC is JSON: `files` (path in the image -> [source below ROOT, executable]), `symlinks` (path ->
target) and `directories` (path -> [uid, gid, mode]).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import List

from oci.sandbox import layer_args
from oci.sandbox.errors import run
from oci.sandbox.layer_writer import Entry, file_entry
from oci.sandbox.parents import DIRECTORY_MTIME, with_parents


def entries(spec: dict, root: Path) -> List[Entry]:
    """What the layer holds, without parents that nobody named."""
    result = []
    for path, (uid, gid, mode) in spec["directories"].items():
        result.append(Entry(path.strip("/"), "dir", mode, DIRECTORY_MTIME, uid, gid))
    for path, target in spec["symlinks"].items():
        result.append(Entry(path.strip("/"), "link", 0o777, DIRECTORY_MTIME, link=target))
    for path, (source, executable) in spec["files"].items():
        content = (root / source).read_bytes()
        mode = 0o755 if executable else 0o644
        result.append(file_entry(path.strip("/"), content, mode, DIRECTORY_MTIME))
    return result


def main() -> None:
    parser = layer_args.parser(__doc__.splitlines()[0])
    parser.add_argument("spec", type=Path)
    parser.add_argument("root", type=Path)
    args = parser.parse_args()
    spec = json.loads(args.spec.read_text())
    layer_args.write(args, with_parents(entries(spec, args.root), {}), packages=())


if __name__ == "__main__":
    run(main)
