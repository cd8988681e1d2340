"""Public keys that tokens are signed with, from PEM and from JSON Web Keys.

Source: RFC 7517 and RFC 7518, section 6, for JSON Web Keys.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Dict, Mapping, Union

from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PublicKey = Union[RSAPublicKey, EllipticCurvePublicKey]

_LEAST_RSA_BITS = 2048


class KeyFormatError(ValueError):
    """That is no public key that we would trust."""


def algorithm_of(key: PublicKey) -> str:
    """The one algorithm of a key: a token's header has no say in it."""
    return "RS256" if isinstance(key, RSAPublicKey) else "ES256"


def key_from_pem(pem: bytes) -> PublicKey:
    """Read a certificate or a public key.

    Raises:
        KeyFormatError: It is neither, or of a kind that we do not use.
    """
    try:
        if b"-----BEGIN CERTIFICATE-----" in pem:
            key: Any = x509.load_pem_x509_certificate(pem, default_backend()).public_key()
        else:
            key = load_pem_public_key(pem, default_backend())
    except Exception as error:
        # cryptography has no family of errors for this, and they differ between its releases.
        raise KeyFormatError(f"no PEM certificate or public key ({type(error).__name__})") from None
    return _trusted(key)


def keys_from_jwks(document: Any) -> Dict[str, PublicKey]:
    """Read a key set: its keys for signatures by `kid`; others are left out.

    Raises:
        KeyFormatError: It is no key set, or has no key that can be used.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise KeyFormatError("no list `keys`")
    keys: Dict[str, PublicKey] = {}
    for entry in entries:
        try:
            keys[_text(entry, "kid")] = _key_from_jwk(entry)
        except (KeyFormatError, AttributeError, ValueError):
            # A key of another use or kind stands beside ours.
            continue
    if not keys:
        raise KeyFormatError("no RSA or P-256 key for signatures with a `kid`")
    return keys


def _key_from_jwk(entry: Mapping[str, Any]) -> PublicKey:
    if entry.get("use", "sig") != "sig":
        raise KeyFormatError("not for signatures")
    if entry.get("kty") == "RSA":
        modulus, exponent = _number(entry, "n"), _number(entry, "e")
        key: Any = RSAPublicNumbers(exponent, modulus).public_key(default_backend())
    elif entry.get("kty") == "EC" and entry.get("crv") == "P-256":
        point = EllipticCurvePublicNumbers(_number(entry, "x"), _number(entry, "y"), SECP256R1())
        key = point.public_key(default_backend())
    else:
        raise KeyFormatError("another kind of key")
    trusted = _trusted(key)
    if entry.get("alg", algorithm_of(trusted)) != algorithm_of(trusted):
        raise KeyFormatError("another algorithm")
    return trusted


def _trusted(key: Any) -> PublicKey:
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise KeyFormatError(f"neither RSA of {_LEAST_RSA_BITS} bits or more, nor P-256")


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise KeyFormatError(f"`{name}` is missing")
    return value


def _number(entry: Mapping[str, Any], name: str) -> int:
    text = _text(entry, name)
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except (binascii.Error, ValueError):
        raise KeyFormatError(f"`{name}` is not base64") from None
