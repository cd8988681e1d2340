"""What tests do with an engine. Whatever they make there is removed at the session's end."""

from __future__ import annotations

import io
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence

from docker.errors import APIError, ImageNotFound, NotFound
from oci.format.docker_archive import docker_archive
from oci.format.errors import FormatError
from oci.format.layout import read_layout

from tests.engine.connection import connect
from tests.engine.container import Container, Finished
from tests.engine.errors import BadLayout
from tests.engine.files import Files, tar_of

SESSION_LABEL = "io.astronomer.runtime.test-session"
"""Label of everything that tests make; its value is the session's id."""

REPOSITORY_PREFIX = "astro-runtime-test/"
"""Images loaded from layouts get names below this, so that no name of the user's is taken."""

# One answer of the engine may take this long: a build step, or the import of a large layer.
_API_SECONDS = 600


@dataclass(frozen=True)
class Build:
    """The outcome of building a project's Dockerfile."""

    image: str
    """The image's id, or an empty string where the build failed."""

    log: str
    """Everything the build printed, the engine's error included."""


class Engine:
    """An engine that tests share for a session; `engine_session` makes and closes it."""

    def __init__(self, address: str) -> None:
        self._client = connect(address, timeout=_API_SECONDS)
        self._labels = {SESSION_LABEL: uuid.uuid4().hex}
        self._loaded: Dict[Path, str] = {}
        self._passing: List[str] = []

    def load(self, path: Path, keep: bool = True) -> str:
        """Brings the image of an OCI layout into the engine, unless it is there already.

        The name is made of the config's digest, so an image that an earlier session left is found
        again, and an older build of the same image is removed.

        Args:
            path: The layout's folder; its name becomes part of the image's.
            keep: Whether the image stays for the next session.

        Returns:
            The name to run it by.

        Raises:
            BadLayout: The folder is not an OCI image layout.
        """
        if path in self._loaded:
            return self._loaded[path]
        try:
            layout = read_layout(path)
        except FormatError as problem:
            raise BadLayout(
                f"{problem} Build the image with `./pants package`, and name the folder that holds "
                "`images/` in ASTRO_RUNTIME_DIST (`dist` after a build)."
            ) from None
        repository = REPOSITORY_PREFIX + path.name
        tag = f"{repository}:{layout.config_digest.partition(':')[2]}"
        try:
            self._client.images.get(tag)
        except ImageNotFound:
            # The client passes any stream of bytes on; its type stubs know of files alone.
            archive: Any = docker_archive(layout, tag)
            self._client.images.load(archive)
            self._remove_others(repository, tag)
        self._loaded[path] = tag
        if not keep:
            self._passing.append(tag)
        return tag

    def pull(self, reference: str) -> str:
        """Pulls an image from a registry; it is removed at the session's end.

        Args:
            reference: `registry/repository:tag`.

        Returns:
            The reference, to run it by.
        """
        self._client.images.pull(reference)
        self._passing.append(reference)
        return reference

    def inspect(self, image: str) -> Dict[str, Any]:
        """What `docker inspect` says of an image."""
        attributes: Dict[str, Any] = self._client.images.get(image).attrs
        return attributes

    def tags(self, repository: str) -> List[str]:
        """All `name:tag` of a repository that the engine has."""
        images = self._client.images.list(repository)
        return sorted(tag for image in images for tag in image.tags)

    def exists(self, container: str, volume: str = "", image: str = "") -> bool:
        """Whether any of these is in the engine."""
        lookups = [
            (self._client.containers.get, container),
            (self._client.volumes.get, volume),
            (self._client.images.get, image),
        ]
        return any(_found(look_up, name) for look_up, name in lookups if name)

    def start(
        self,
        image: str,
        argv: Sequence[str] = (),
        *,
        network: str = "none",
        environment: Mapping[str, str] = {},
        files: Files = {},
        **options: Any,
    ) -> Container:
        """Starts a container.

        Args:
            image: A name or an id.
            argv: The command; empty for the image's own.
            network: Network mode: `none` is a loopback interface alone, `host` the machine's
                network, and `Container.network` that of another container.
            environment: Variables on top of the image's.
            files: Put into the container before it starts, by absolute path, owned by 50000:0.
            options: Further keywords of docker-py's `containers.create`: `user`, `tmpfs`,
                `read_only`, `volumes`, `entrypoint`, ...
        """
        created = self._client.containers.create(
            image,
            list(argv) or None,
            network_mode=network,
            environment=dict(environment),
            labels=self._labels,
            **options,
        )
        if files:
            created.put_archive("/", tar_of(files, uid=50000))
        created.start()
        return Container(self._client.api, created)

    def run(
        self, image: str, argv: Sequence[str] = (), *, seconds: float = 60, **options: Any
    ) -> Finished:
        """Starts a container, waits for its end and removes it; arguments as for `start`.

        Raises:
            TimedOut: It did not end within `seconds`.
        """
        with self.start(image, argv, **options) as container:
            return container.wait(seconds)

    def volume(self, image: str, mount_point: str, files: Files) -> str:
        """Makes a volume that holds `files`, owned by 50000:0.

        Args:
            image: Whose folder at the mount point gives the volume its owner and mode.
            mount_point: Absolute path where the volume will be mounted.
            files: What it holds, by path relative to the mount point.

        Returns:
            The volume's name.
        """
        name = str(self._client.volumes.create(labels=self._labels).name)
        carrier = self._client.containers.create(
            image, volumes={name: {"bind": mount_point}}, labels=self._labels
        )
        carrier.put_archive(mount_point, tar_of(files, uid=50000))
        carrier.remove()
        return name

    def build(self, files: Files) -> Build:
        """Builds a project's `Dockerfile` as `docker build --network host` does, without cache.

        The classic builder: it is in every engine, and BuildKit needs a plug-in on the client.

        Args:
            files: The project, Dockerfile included.
        """
        log: List[str] = []
        image = ""
        try:
            for event in self._client.api.build(
                fileobj=io.BytesIO(tar_of(files)),
                custom_context=True,
                network_mode="host",
                labels=self._labels,
                nocache=True,
                rm=True,
                forcerm=True,
                decode=True,
            ):
                log.append(event.get("stream") or event.get("error") or "")
                image = event.get("aux", {}).get("ID", image)
        except APIError as error:
            log.append(str(error))
        failed = not image or "Successfully built" not in "".join(log)
        if failed:
            self._remove_unfinished(log)
        return Build("" if failed else image, "".join(log))

    def close(self) -> None:
        """Removes what this session made, but for the images that were loaded to be kept."""
        ours = {"label": [f"{key}={value}" for key, value in self._labels.items()]}
        for container in self._client.containers.list(all=True, filters=ours):
            container.remove(force=True, v=True)
        for volume in self._client.volumes.list(filters=ours):
            volume.remove(force=True)
        for image in self._client.images.list(filters=ours):
            self._remove_image(str(image.id))
        for tag in self._passing:
            self._remove_image(tag)
        self._client.close()

    def _remove_others(self, repository: str, keep: str) -> None:
        for tag in self.tags(repository):
            if tag != keep:
                self._remove_image(tag)

    def _remove_unfinished(self, log: Sequence[str]) -> None:
        # A failed build leaves its last good step, which carries no label yet.
        steps = [line.split()[1] for line in log if line.startswith(" ---> ")]
        named = [step for step in steps if len(step) == 12 and not self._is_named(step)]
        if named:
            self._remove_image(named[-1])

    def _is_named(self, image: str) -> bool:
        try:
            return bool(self._client.images.get(image).tags)
        except ImageNotFound:
            return True

    def _remove_image(self, image: str) -> None:
        try:
            self._client.images.remove(image)
        except APIError:
            # Gone already, or in use by another session, which then removes it.
            pass


def _found(look_up: Callable[[str], Any], name: str) -> bool:
    try:
        look_up(name)
    except NotFound:
        return False
    return True


@contextmanager
def engine_session(address: str) -> Iterator[Engine]:
    """An engine for the block; what was made with it is removed at the end."""
    engine = Engine(address)
    try:
        yield engine
    finally:
        engine.close()
