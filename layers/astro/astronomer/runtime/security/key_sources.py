"""Where keys come from: a file that may be replaced, or an address that may be down.

Either is asked again as time goes by; the last good answer serves for a bounded time.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Callable, Dict, Optional, Tuple

from astronomer.runtime.bounded_fetch import FetchError, fetch
from astronomer.runtime.errors import ConfigurationError
from astronomer.runtime.security.errors import NoKeyError
from astronomer.runtime.security.public_keys import (
    KeyFormatError,
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

Clock = Callable[[], float]

log = logging.getLogger(__name__)


class PemFile:
    """One key, read again whenever its file changes."""

    def __init__(self, path: str, stale_seconds: float, clock: Clock = time.monotonic) -> None:
        """Read the file.

        Args:
            path: Where the PEM is.
            stale_seconds: How long the last good key serves while the file cannot be read.
            clock: Seconds that only ever rise.

        Raises:
            ConfigurationError: There is no usable key.
        """
        self._path = Path(path)
        self._stale_seconds = stale_seconds
        self._clock = clock
        try:
            self._stamp = self._stamp_now()
            self._key = key_from_pem(self._path.read_bytes())
        except (OSError, KeyFormatError) as error:
            raise ConfigurationError(
                f"AIRFLOW__ASTRONOMER__JWT_SIGNING_CERT is '{path}', which cannot be used: {error};"
                " set it to the PEM file of the platform's certificate or public key."
            ) from None
        self._good_at = clock()

    def find(self, kid: Optional[str]) -> PublicKey:
        """The key, whatever the token calls it.

        Raises:
            NoKeyError: The file has been unusable for too long.
        """
        try:
            stamp = self._stamp_now()
            if stamp != self._stamp:
                self._key = key_from_pem(self._path.read_bytes())
                self._stamp = stamp
            self._good_at = self._clock()
        except (OSError, KeyFormatError) as error:
            if self._clock() - self._good_at > self._stale_seconds:
                raise NoKeyError("the signing key cannot be read") from None
            log.warning("%s cannot be used (%s); the last good key serves on.", self._path, error)
        return self._key

    def _stamp_now(self) -> Tuple[int, int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino


class JwksUrl:
    """The keys of a JSON Web Key Set, by their ids."""

    def __init__(
        self,
        url: str,
        timeout: float,
        stale_seconds: float,
        clock: Clock = time.monotonic,
    ) -> None:
        """Prepare; nothing is asked before the first token comes.

        Args:
            url: Where the key set is.
            timeout: Seconds to wait for it.
            stale_seconds: How long the last good set serves while no new one can be had.
            clock: Seconds that only ever rise.
        """
        self._url = url
        self._timeout = timeout
        self._stale_seconds = stale_seconds
        self._clock = clock
        self._keys: Dict[str, PublicKey] = {}
        self._good_at = float("-inf")
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: Optional[str]) -> PublicKey:
        """The key with that id.

        Raises:
            NoKeyError: There is none.
        """
        if not kid:
            raise NoKeyError("the token names no key")
        with self._lock:
            now = self._clock()
            due = now - self._good_at > FRESH_SECONDS or kid not in self._keys
            if due and now - self._asked_at > RETRY_SECONDS:
                self._ask(now)
            if now - self._good_at > FRESH_SECONDS + self._stale_seconds:
                raise NoKeyError("the signing keys cannot be had")
            if kid not in self._keys:
                raise NoKeyError("the token's key is unknown")
            return self._keys[kid]

    def _ask(self, now: float) -> None:
        self._asked_at = now
        try:
            content = fetch(self._url, self._timeout, LARGEST_KEY_SET)
            self._keys = keys_from_jwks(json.loads(content))
            self._good_at = now
        except Exception as error:
            # Whatever it is, it must not let anybody in, nor lock everybody out at once.
            known = isinstance(error, (FetchError, KeyFormatError))
            reason = error if known else type(error).__name__
            log.warning("The key set in AIRFLOW__ASTRONOMER__HOUSTON_JWK_URL: %s.", reason)


def key_source(settings: SecuritySettings) -> "PemFile | JwksUrl":
    """The source that the options name; raises ConfigurationError where it cannot be used."""
    if settings.jwk_url:
        return JwksUrl(settings.jwk_url, settings.url_timeout, settings.stale_keys)
    return PemFile(settings.signing_cert, settings.stale_keys)
