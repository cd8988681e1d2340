"""The lineage server, and what its answers mean for the events that wait."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, NamedTuple, Optional, Union

if TYPE_CHECKING:
    from requests import PreparedRequest

READ_SECONDS = 5.0
"""Bound of each wait for the server."""

ANSWER_SECONDS = 15.0
"""Bound of one event's delivery, however slowly the answer comes."""


class Verdict(Enum):
    """What becomes of an event."""

    TAKEN = "taken"

    REFUSED = "refused"
    """The server will never take it."""

    NOT_NOW = "not now"
    """The server takes none at present."""

    FAILED = "failed"
    """The server failed at it, perhaps only at this one."""


class Answer(NamedTuple):
    """The answer to an event."""

    verdict: Verdict

    reason: str
    """Where it was not taken: why, as a sentence without its end."""

    wait: float = 0
    """Seconds that the server asks to be left alone for."""


Post = Callable[[bytes], Answer]
"""Sends an event."""

# The event is at fault. Everything else may become right: by the operator, or by itself.
_REFUSED = {400, 409, 413, 422}

# Of what stands before the server, or of all its requests.
_BUSY = {502, 503, 504}


def poster(environ: Mapping[str, str]) -> Post:
    """What sends events to the server that the environment names; for the main thread alone.

    Redirections are not followed: the operator named the server, and its key is for no other.

    Args:
        environ: `OPENLINEAGE_URL`, and `OPENLINEAGE_API_KEY` where the server wants one.
    """
    import requests

    session = requests.Session()
    session.headers["Content-Type"] = "application/json"
    base = environ["OPENLINEAGE_URL"].strip().rstrip("/")
    session.auth = _authentication(base, environ.get("OPENLINEAGE_API_KEY", "").strip())
    url = base + "/api/v1/lineage"

    def post(event: bytes) -> Answer:
        try:
            with _at_most(ANSWER_SECONDS):
                response = session.post(
                    url, event, timeout=READ_SECONDS, allow_redirects=False, stream=True
                )
                response.close()
        except (requests.RequestException, OSError, ValueError, _TooLate) as error:
            # Their texts may hold the address, and that a password.
            name = type(error).__name__.strip("_")
            return Answer(Verdict.NOT_NOW, f"it cannot be reached ({name})")
        return understand(response.status_code, response.headers.get("Retry-After"))

    return post


def understand(status: int, retry_after: Optional[str] = None) -> Answer:
    """What an answer means.

    Args:
        status: The HTTP status.
        retry_after: The header of that name.
    """
    if 200 <= status < 300:
        return Answer(Verdict.TAKEN, "")
    reason = f"it answers {status}{_advice(status)}"
    if status in _REFUSED:
        return Answer(Verdict.REFUSED, reason)
    if status >= 500 and status not in _BUSY:
        return Answer(Verdict.FAILED, reason)
    return Answer(Verdict.NOT_NOW, reason, _seconds(retry_after))


def _advice(status: int) -> str:
    if status in (401, 403):
        return "; see that OPENLINEAGE_API_KEY is right"
    if 300 <= status < 400:
        return "; set OPENLINEAGE_URL to where it redirects to"
    if status in (404, 405, 410):
        return "; see that OPENLINEAGE_URL is right"
    return ""


def _seconds(retry_after: Optional[str]) -> float:
    """As RFC 9110 has it: a number of seconds, or a date."""
    if not retry_after:
        return 0
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0


def _authentication(url: str, key: str) -> Any:
    """A function, even where there is nothing to sign: without one, an entry of `.netrc` for the
    host would take the place of the key."""
    from requests.utils import get_auth_from_url

    try:
        in_url = get_auth_from_url(url)
    except ValueError:
        # No address at all, which sending says.
        in_url = ("", "")
    if not key and any(in_url):
        return in_url

    def sign(request: PreparedRequest) -> PreparedRequest:
        if key:
            request.headers["Authorization"] = f"Bearer {key}"
        return request

    return sign


class _TooLate(Exception):
    """Of no kind that the libraries on the way take for one of their own."""


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise _TooLate in the block after some seconds, also between two bytes of an answer."""

    def stop(number: int, frame: Optional[FrameType]) -> None:
        raise _TooLate

    before: Union[Callable[..., Any], int, None] = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
