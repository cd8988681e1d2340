"""Fetches the list of releases, within bounds."""

from __future__ import annotations

import time

LARGEST = 1024 * 1024
"""Bytes; the list of all releases of several years has far less."""


class FeedError(Exception):
    """The list could not be had."""


def fetch(url: str, seconds: float) -> bytes:
    """Get the document at `url`.

    Args:
        url: An `http` or `https` address. Redirections are not followed: the operator named it.
        seconds: Bound for all of it.

    Raises:
        FeedError: It did not come whole, in time, with status 200.
    """
    import requests

    end = time.monotonic() + seconds
    content = b""
    try:
        with requests.get(url, stream=True, timeout=seconds, allow_redirects=False) as response:
            if response.status_code != 200:
                raise FeedError(f"the answer is {response.status_code}")
            for piece in response.iter_content(8192):
                content += piece
                if len(content) > LARGEST:
                    raise FeedError(f"the answer is longer than {LARGEST} bytes")
                if time.monotonic() > end:
                    raise FeedError(f"it took longer than {seconds:g} s")
    except (requests.RequestException, ValueError) as error:
        raise FeedError(type(error).__name__) from None
    return content
