"""A container of the test session."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

import requests
from docker import APIClient
from docker.models.containers import Container as EngineContainer

from tests.engine.errors import TimedOut
from tests.engine.waiting import wait_for

_LOG_TAIL = 6000


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    exit_code: int
    """124 where an `exec` reached its bound, 128 + n where signal n ended the command."""

    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams, standard output first."""
        return self.stdout + self.stderr

    def checked(self) -> Finished:
        """Itself; fails the test with the output where the exit code is not 0."""
        assert self.exit_code == 0, f"exit code {self.exit_code}:\n{self.output[-_LOG_TAIL:]}"
        return self

    def json(self) -> Any:
        """Standard output as JSON; lines before the document, such as warnings, are skipped."""
        lines = self.checked().stdout.splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith(("[", "{"))]
        assert starts, f"no JSON in:\n{self.output[-_LOG_TAIL:]}"
        return json.loads("\n".join(lines[starts[0] :]))


class Container:
    """A started container. Every wait has a bound.

    As a context manager it removes itself; otherwise the session's end does.
    """

    def __init__(self, api: APIClient, container: EngineContainer) -> None:
        self._api = api
        self._container = container

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def id(self) -> str:
        """The engine's id of it."""
        return str(self._container.id)

    @property
    def network(self) -> str:
        """Network mode with which another container shares this one's loopback interface."""
        return f"container:{self.id}"

    @property
    def pid(self) -> int:
        """Process id of its first process, as the engine's machine counts."""
        self._container.reload()
        return int(self._container.attrs["State"]["Pid"])

    @property
    def running(self) -> bool:
        """Whether its first process lives."""
        self._container.reload()
        return bool(self._container.status == "running")

    def exec(
        self,
        argv: Sequence[str],
        *,
        seconds: float = 60,
        user: str = "",
        environment: Optional[Mapping[str, str]] = None,
    ) -> Finished:
        """Runs a command inside, next to the container's own, and waits for its end.

        Args:
            argv: The command; no shell, and the image's entrypoint takes no part.
            seconds: Bound, kept by `timeout` inside the container (so the image needs coreutils).
            user: Another user than the container's, as in `docker exec --user`.
            environment: Variables on top of the container's.
        """
        created = self._api.exec_create(
            self.id,
            ["timeout", "--kill-after=5", str(seconds), *argv],
            user=user,
            environment=dict(environment or {}),
        )
        stdout, stderr = self._api.exec_start(created["Id"], demux=True)
        exit_code = self._api.exec_inspect(created["Id"])["ExitCode"]
        return Finished(exit_code, _text(stdout), _text(stderr))

    def logs(self) -> str:
        """All that its first process wrote, both streams."""
        return _text(self._container.logs())

    def wait_for_log(self, text: str, seconds: float) -> None:
        """Waits until `text` stands in its log.

        Raises:
            TimedOut: It did not come, or the container ended without it.
        """

        def written_or_ended() -> bool:
            # In this order: what a container writes last must not be missed.
            ended = not self.running
            return text in self.logs() or ended

        wait_for(f"{text!r} in the log", written_or_ended, seconds, self._log_tail)
        if text not in self.logs():
            raise TimedOut(f"The container ended without {text!r}.\n{self._log_tail()}")

    def wait(self, seconds: float) -> Finished:
        """Waits until its first process ends.

        Raises:
            TimedOut: It did not end; it is killed then.
        """
        try:
            exit_code = self._container.wait(timeout=seconds)["StatusCode"]
        except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError):
            log = self._log_tail()
            self._container.kill()
            raise TimedOut(f"The container did not end within {seconds:g} s.\n{log}") from None
        return self._finished(exit_code)

    def stop(self, seconds: int) -> Finished:
        """Asks it to end as `docker stop` does; after `seconds` the engine kills it (exit 137)."""
        self._container.stop(timeout=seconds)
        return self._finished(self._container.wait()["StatusCode"])

    def kill(self, signal: str) -> None:
        """Sends a signal to its first process, such as `SIGKILL`; it may have ended already."""
        if self.running:
            self._container.kill(signal=signal)

    def restart(self) -> None:
        """Starts it again once it has ended, as an orchestrator would."""
        self._container.wait()
        self._container.start()

    def remove(self) -> None:
        """Ends it at once and removes it with its anonymous volumes."""
        self._container.remove(force=True, v=True)

    def _finished(self, exit_code: int) -> Finished:
        return Finished(
            exit_code,
            _text(self._container.logs(stdout=True, stderr=False)),
            _text(self._container.logs(stdout=False, stderr=True)),
        )

    def _log_tail(self) -> str:
        return self.logs()[-_LOG_TAIL:]


def _text(stream: Optional[bytes]) -> str:
    return (stream or b"").decode(errors="replace")
