"""The notice of a newer patch, known to the webserver without ever making a page wait."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Dict, Optional

from astronomer.runtime import options
from astronomer.runtime.bounded_fetch import FetchError, fetch
from astronomer.runtime.update.releases import newest_patch

DISMISSED_COOKIE = "astronomer_update_dismissed"

_DAY = 86400.0

LARGEST = 1024 * 1024
"""Bytes of the list; that of all releases of several years has far less."""

log = logging.getLogger(__name__)


class UpdateNotice:
    """Knows the newest patch as of its last look; looks again in the background."""

    def __init__(self, url: str, running: str, interval: float, timeout: float) -> None:
        """Prepare; the first look is taken when the first page is asked for.

        Args:
            url: Where the list of releases is; empty to never look.
            running: The release that runs, `X.Y.Z`.
            interval: Seconds between two looks; 0 to never look.
            timeout: Seconds that a look may take.
        """
        self._url = url if interval > 0 else ""
        self._running = running
        self._interval = interval
        self._timeout = timeout
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._newest: Optional[str] = None

    @classmethod
    def from_options(cls) -> UpdateNotice:
        """As `update_url`, `update_check_interval` and `update_check_timeout` say."""
        try:
            return cls(
                options.text("update_url"),
                os.environ.get("ASTRONOMER_RUNTIME_VERSION", ""),
                options.number("update_check_interval", _DAY),
                options.number("update_check_timeout", 60, minimum=0.1),
            )
        except options.InvalidOption as error:
            # A webserver must not stay away for want of a notice.
            log.warning("%s Until then there is no update notice.", error)
            return cls("", running="", interval=0, timeout=0)

    def newer_release(self, dismissed: str) -> Optional[Dict[str, str]]:
        """What the page shows: `release`, and the `cookie` that dismisses it; None for nothing.

        Args:
            dismissed: The release that the reader does not want to hear of again.
        """
        if self._url:
            self._look_if_due()
        newest = self._newest
        if not newest or newest == dismissed:
            return None
        return {"release": newest, "cookie": f"{DISMISSED_COOKIE}={newest}"}

    def _look_if_due(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._next_look:
                return
            self._next_look = now + self._interval
        threading.Thread(target=self._look, name="astronomer-update", daemon=True).start()

    def _look(self) -> None:
        try:
            document = fetch(self._url, self._timeout, LARGEST)
            self._newest = newest_patch(document, self._running)
        except (FetchError, ValueError) as error:
            log.warning("The list of releases in AIRFLOW__ASTRONOMER__UPDATE_URL: %s.", error)
