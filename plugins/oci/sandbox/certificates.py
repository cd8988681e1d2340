"""Which certificate authorities a download or upload trusts: the machine's, or the user's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

_HOST_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def ca_bundle(preferred: str = "") -> Union[bool, str]:
    """A bundle for the argument `verify` of `requests`: True is the one that comes with it.

    Args:
        preferred: A bundle that some configuration names.
    """
    for candidate in (
        preferred,
        os.environ.get("SSL_CERT_FILE", ""),
        os.environ.get("REQUESTS_CA_BUNDLE", ""),
    ):
        if candidate:
            return candidate
    return str(_HOST_CA_BUNDLE) if _HOST_CA_BUNDLE.exists() else True
