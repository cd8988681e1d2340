"""Stands in for the `docker` command: the part of it that loads and names images.

usage: docker_stand_in.py version | image ls | image inspect --format FORMAT NAME ... | load

Of the environment, STORE is a folder, and KIND says what the engine is like: `classic` knows images
by their config, `podman` too, without the algorithm; `containerd` makes a manifest of what it loads
and takes only what is whole; `registry` gives that manifest the digest in MANIFEST.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any, Dict, List

_TEMPLATES = {
    "{{.Id}}": lambda image: image["Id"],
    "{{json .RootFS.Layers}}": lambda image: json.dumps(image["Layers"]),
    "{{json .Config}}": lambda image: json.dumps(image["Config"]),
}


class Store:
    """Images, and the layers that they are made of."""

    def __init__(self, folder: Path, kind: str, manifest: str) -> None:
        self._file = folder / "images.json"
        self._log = folder / "loads"
        self._kind = kind
        self._manifest = manifest
        self.images: Dict[str, Any] = {}
        if self._file.exists():
            self.images = json.loads(self._file.read_text())

    def load(self) -> None:
        """Take the archive on stdin."""
        with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
            files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore
        (entry,) = json.loads(files["manifest.json"])
        sent = [name for name in entry["Layers"] if name in files]
        with self._log.open("a") as log:
            log.write(f"{len(sent)}\n")
        config = json.loads(files[entry["Config"]])
        layers: List[str] = config["rootfs"]["diff_ids"]
        known = [each["Layers"] for each in self.images.values()]
        for position, name in enumerate(entry["Layers"]):
            chain = layers[: position + 1]
            has = self._kind in ("classic", "podman") and any(
                each[: position + 1] == chain for each in known
            )
            if name not in files and not has:
                sys.exit(f'layer "{name}" not found')
        identity = {
            "classic": "sha256:" + entry["Config"].partition(".")[0],
            "podman": entry["Config"].partition(".")[0],
            "containerd": "sha256:" + hashlib.sha256(files["manifest.json"]).hexdigest(),
            "registry": self._manifest,
        }[self._kind]
        # As engines write it: what is not set is there too.
        written = {"Hostname": "", "Tty": False, "Volumes": None, "OnBuild": None, "Cmd": None}
        image = {"Id": identity, "Layers": layers, "Config": {**written, **config["config"]}}
        self.images[entry["RepoTags"][0]] = image
        self._file.write_text(json.dumps(self.images))

    def inspect(self, template: str, names: List[str]) -> None:
        """Print what images are."""
        for name in names:
            for reference, image in self.images.items():
                if name in (reference, image["Id"]):
                    print(_TEMPLATES[template](image))
                    break
            else:
                sys.exit(f"Error: No such image: {name}")


def main() -> None:
    store = Store(Path(os.environ["STORE"]), os.environ["KIND"], os.environ.get("MANIFEST", ""))
    command = sys.argv[1:]
    if command[:1] == ["load"]:
        store.load()
    elif command[:2] == ["image", "ls"]:
        print("\n".join(image["Id"] for image in store.images.values()))
    elif command[:2] == ["image", "inspect"]:
        store.inspect(command[3], command[4:])


if __name__ == "__main__":
    main()
