"""Where keys come from: a file that may be replaced, or an address that may be down.

Either is asked again as time goes by; the last good answer serves for a bounded time, in every
process of the webserver and in those that it starts later.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
import time
from typing import List, Optional, Tuple

from astronomer.runtime.bounded_fetch import FetchError, fetch
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.options import variable
from astronomer.runtime.security.errors import NoKeyError
from astronomer.runtime.security.key_memory import Clock, KeyMemory, Record
from astronomer.runtime.security.public_keys import (
    KeyFormatError,
    KeySet,
    PublicKey,
    key_from_pem,
    keys_from_jwks,
)
from astronomer.runtime.security.settings import SecuritySettings

FRESH_SECONDS = 300.0
"""A key set is asked for again after this."""

RETRY_SECONDS = 30.0
"""The least time between two requests for a key set: made-up key ids must not become a flood."""

LARGEST_KEY_SET = 256 * 1024
LARGEST_PEM = 256 * 1024

_LOOK_SECONDS = 1.0
"""How soon a process takes over what another one has learnt."""

_NOTE_SECONDS = 60.0
"""How often it is noted that a file is good."""

log = logging.getLogger(__name__)


class PemFile:
    """One key, read again whenever its file changes."""

    def __init__(
        self,
        path: str,
        stale_seconds: float,
        clock: Clock = time.time,
        is_first: bool = False,
    ) -> None:
        """Read the file.

        Args:
            path: Where the PEM is.
            stale_seconds: How long the last good key serves while the file cannot be read.
            clock: The present time.
            is_first: Whether no process of this webserver has had a key yet.

        Raises:
            ConfigurationError: There is no usable key, and no process had one before.
        """
        self._path = path
        self._stale_seconds = stale_seconds
        self._clock = clock
        self._memory = KeyMemory(f"file:{os.path.abspath(path)}", clock)
        self._stamp: Optional[Tuple[int, int, int]] = None
        self._noted_at = float("-inf")
        self._warned_at = float("-inf")
        try:
            self._read()
        except (OSError, KeyFormatError) as error:
            last = self._memory.read()
            try:
                self._key = key_from_pem(last.content.encode())
            except KeyFormatError:
                raise _unusable(path, error) from None
            if is_first and clock() - last.good_at > stale_seconds:
                raise _unusable(path, error) from None
            self._good_at = last.good_at
            self._warn(error)

    def find(self, kid: Optional[str]) -> List[PublicKey]:
        """The key, whatever the token calls it.

        Raises:
            NoKeyError: The file has been unusable for too long.
        """
        try:
            self._read()
        except (OSError, KeyFormatError) as error:
            if self._clock() - self._good_at > self._stale_seconds:
                raise NoKeyError("the signing key cannot be read") from None
            self._warn(error)
        return [self._key]

    def _read(self) -> None:
        status = os.stat(self._path)
        stamp = status.st_mtime_ns, status.st_size, status.st_ino
        now = self._clock()
        if stamp != self._stamp or now - self._noted_at > _NOTE_SECONDS:
            pem = read_pem(self._path)
            self._key = key_from_pem(pem)
            self._stamp = stamp
            self._noted_at = now
            self._memory.write(Record(pem.decode(errors="replace"), good_at=now, asked_at=now))
        self._good_at = now

    def _warn(self, error: Exception) -> None:
        # Not for every request.
        if self._clock() - self._warned_at > RETRY_SECONDS:
            self._warned_at = self._clock()
            log.warning("%s cannot be used (%s); the last good key serves on.", self._path, error)


class JwksUrl:
    """The keys of a JSON Web Key Set, by their ids."""

    def __init__(
        self, url: str, timeout: float, stale_seconds: float, clock: Clock = time.time
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            url: Where the key set is.
            timeout: Seconds to wait for it.
            stale_seconds: How long the last good set serves while no new one can be had.
            clock: The present time.
        """
        self.url = url
        self._timeout = timeout
        # Between two looks a set is as good as it can be.
        between_looks = FRESH_SECONDS + RETRY_SECONDS + timeout
        self._usable_seconds = max(stale_seconds, between_looks)
        self.clock = clock
        self._memory = KeyMemory(url, clock)
        self._known = Record()
        self._keys = KeySet()
        self._looked_at = float("-inf")
        self._refresher: Optional[_Refresher] = None

    def start(self) -> None:
        """Keep the keys up to date from now on, in the background.

        Returns as soon as there are keys, and at the latest when the time for the key set is over.
        """
        self._running_refresher().first.wait(self._timeout + _LOOK_SECONDS)

    def stop(self) -> None:
        """Leave the keys as they are."""
        if self._refresher:
            self._refresher.stop()
            self._refresher = None

    def find(self, kid: Optional[str]) -> List[PublicKey]:
        """The keys that a token with this key id may be signed with; never waits for the key set.

        Raises:
            NoKeyError: There are none.
        """
        now = self.clock()
        if not 0 <= now - self._looked_at < _LOOK_SECONDS:
            self._looked_at = now
            self._take(self._memory.read())
        if self._refresher:
            # A process that was forked has the object, and not the thread.
            self._running_refresher()
        if now - self._known.good_at > self._usable_seconds:
            raise NoKeyError("the signing keys cannot be had")
        found = self._keys.find(kid)
        if not found:
            if self._refresher:
                self._refresher.ask_soon()
            raise NoKeyError("the token's key is unknown")
        return found

    def refresh(self, is_wanted: bool = False) -> Optional[Tuple[float, float]]:
        """Ask for the key set if it is time, and no other process does.

        Args:
            is_wanted: Ask although the keys are fresh, as a token names one that is not among them.

        Returns:
            Seconds until it may be asked again, and until it will be in any case; None while
            another process asks.
        """
        with self._memory.alone() as is_alone:
            last = self._memory.read()
            self._take(last)
            if not is_alone:
                return None
            now = self.clock()
            may, will = _pauses(last, now)
            if (may if is_wanted else will) > 0:
                return may, will
            # Noted first: whoever dies while it asks must not make the others ask at once.
            self._memory.write(last._replace(asked_at=now))
            content = self._fetch()
            good_at = now if content else last.good_at
            last = Record(content or last.content, good_at=good_at, asked_at=now)
            self._memory.write(last)
            self._take(last)
            return _pauses(last, self.clock())

    def _running_refresher(self) -> "_Refresher":
        if self._refresher is None or self._refresher.pid != os.getpid():
            self._refresher = _Refresher(self)
        return self._refresher

    def _fetch(self) -> str:
        try:
            content = fetch(self.url, self._timeout, LARGEST_KEY_SET).decode()
            keys_from_jwks(json.loads(content))
            return content
        except Exception as error:
            # Whatever it is, it must not let anybody in, nor lock everybody out at once.
            known = isinstance(error, (FetchError, KeyFormatError))
            reason = error if known else type(error).__name__
            log.warning("The key set in %s: %s.", variable("houston_jwk_url"), reason)
            return ""

    def _take(self, record: Record) -> None:
        if record.content and record.content != self._known.content:
            try:
                self._keys = keys_from_jwks(json.loads(record.content))
            except Exception:
                # Another version of this package may have written it.
                return
        self._known = record


class _Refresher:
    """The thread that keeps a key set up to date; one for each process."""

    def __init__(self, source: JwksUrl) -> None:
        self.pid = os.getpid()
        self.first = threading.Event()
        """Set when it has been asked, or was before."""

        self._source = source
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="astronomer-key-set", daemon=True).start()

    def ask_soon(self) -> None:
        """Do not wait until the keys are old."""
        self._wanted.set()

    def stop(self) -> None:
        """End, within the time for one look."""
        self._stopped.set()
        self._wanted.set()

    def _run(self) -> None:
        is_wanted = False
        while not self._stopped.is_set():
            try:
                pauses = self._source.refresh(is_wanted)
            except Exception as error:
                log.warning("The key set cannot be kept up to date: %r.", error)
                pauses = RETRY_SECONDS, RETRY_SECONDS
            if pauses:
                self.first.set()
            may, will = pauses or (_LOOK_SECONDS, _LOOK_SECONDS)
            # First the time in which nothing may be asked, whatever is wanted.
            if self._stopped.wait(may):
                return
            is_wanted = self._wanted.wait(max(0.0, will - may))
            self._wanted.clear()


def key_source(settings: SecuritySettings) -> "PemFile | JwksUrl":
    """The source that the options name, kept up to date.

    Raises:
        ConfigurationError: It cannot be used.
    """
    if not settings.jwk_url:
        return PemFile(settings.signing_cert, settings.stale_keys)
    source = JwksUrl(settings.jwk_url, settings.url_timeout, settings.stale_keys)
    source.start()
    return source


def check_key(settings: SecuritySettings, is_first: bool = False) -> None:
    """See that there is a key, where that can be told without asking another machine.

    Args:
        settings: Where it is.
        is_first: As for `PemFile`.

    Raises:
        ConfigurationError: There is none, and no process had one before.
    """
    if not settings.jwk_url:
        PemFile(settings.signing_cert, settings.stale_keys, is_first=is_first)


def read_pem(path: str) -> bytes:
    """What a PEM file holds.

    Raises:
        OSError: It cannot be read.
        KeyFormatError: It is not a file, or larger than any PEM.
    """
    # Not to wait for whoever writes into a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise KeyFormatError("it is not a file")
        with open(descriptor, "rb", closefd=False) as file:
            pem = file.read(LARGEST_PEM + 1)
    finally:
        os.close(descriptor)
    if len(pem) > LARGEST_PEM:
        raise KeyFormatError(f"it is longer than {LARGEST_PEM} bytes")
    return pem


def _unusable(path: str, error: Exception) -> ConfigurationError:
    reason = getattr(error, "strerror", None) or error
    return ConfigurationError(
        f"{variable('jwt_signing_cert')} is '{path}', which cannot be used: {reason};"
        " set it to the PEM file of the platform's certificate or public key."
    )


def _pauses(record: Record, now: float) -> Tuple[float, float]:
    """Seconds until a key set may be asked for, and until it will be."""
    may = record.asked_at + RETRY_SECONDS - now
    will = record.good_at + FRESH_SECONDS - now
    # A clock that was set back must not make them longer.
    return min(max(0.0, may), RETRY_SECONDS), min(max(0.0, may, will), FRESH_SECONDS)
