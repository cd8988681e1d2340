"""Gets a small document over HTTP, within bounds on time and size."""

from __future__ import annotations

from astronomer.runtime.time_bound import within


class FetchError(Exception):
    """The document could not be had; the text never holds the address, which may hold a secret."""


def fetch(url: str, seconds: float, largest: int) -> bytes:
    """Get the document at `url`.

    Args:
        url: An `http` or `https` address. Redirections are not followed: the operator named it.
        seconds: Bound for all of it, however slowly it drips.
        largest: Bytes that it may have.

    Raises:
        FetchError: It did not come whole, in time, with status 200.
    """
    try:
        return within(seconds, lambda: _get(url, seconds, largest))
    except TimeoutError:
        raise FetchError(f"it took longer than {seconds:g} s") from None


def _get(url: str, seconds: float, largest: int) -> bytes:
    import requests

    content = b""
    try:
        with requests.get(url, stream=True, timeout=seconds, allow_redirects=False) as response:
            if response.status_code != 200:
                raise FetchError(f"the answer is {response.status_code}")
            for piece in response.iter_content(8192):
                content += piece
                if len(content) > largest:
                    raise FetchError(f"the answer is longer than {largest} bytes")
    except (requests.RequestException, ValueError) as error:
        raise FetchError(type(error).__name__) from None
    return content
