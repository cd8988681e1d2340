"""Public keys that tokens are signed with, from PEM and from JSON Web Keys.

Source: RFC 7517 and RFC 7518, section 6, for JSON Web Keys.
"""

from __future__ import annotations

import base64
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union

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
_MOST_RSA_BITS = 16384

_MOST_REASONS = 5


class KeyFormatError(ValueError):
    """That is not a public key that we would trust."""


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
        raise KeyFormatError(
            f"it is not a PEM certificate or public key ({type(error).__name__})"
        ) from None
    return _trusted(key)


class KeySet:
    """Keys for signatures, each with its id where it has one."""

    def __init__(self, keys: Sequence[Tuple[Optional[str], PublicKey]] = ()) -> None:
        self._keys = tuple(keys)

    def find(self, kid: Optional[str]) -> List[PublicKey]:
        """The keys that a token with this `kid` may be signed with.

        Those of that id; otherwise those without an id. All of them for a token that names none,
        as it need not.
        """
        if not kid:
            return [key for _, key in self._keys]
        named = [key for name, key in self._keys if name == kid]
        return named or [key for name, key in self._keys if name is None]


def keys_from_jwks(document: Any) -> KeySet:
    """Read a key set: its keys for signatures; others are left out.

    A member that is null counts as one that is not there.

    Raises:
        KeyFormatError: It is not a key set, or has no key that can be used; names the reasons.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise KeyFormatError("no list `keys`")
    keys: List[Tuple[Optional[str], PublicKey]] = []
    reasons: List[str] = []
    for entry in entries:
        try:
            if not isinstance(entry, dict):
                raise KeyFormatError("no JSON object")
            members = {name: value for name, value in entry.items() if value is not None}
            keys.append((_kid(members), _key_from_jwk(members)))
        except KeyFormatError as error:
            # A key of another use or kind stands beside ours.
            reasons.append(str(error))
    if not keys:
        why = "; ".join(dict.fromkeys(reasons[:_MOST_REASONS])) or "it is empty"
        raise KeyFormatError(f"no RSA or P-256 key for signatures: {why}")
    return KeySet(keys)


def _kid(entry: Mapping[str, Any]) -> Optional[str]:
    kid = entry.get("kid", "")
    if not isinstance(kid, str):
        raise KeyFormatError("a `kid` is not a string")
    return kid or None


def _key_from_jwk(entry: Mapping[str, Any]) -> PublicKey:
    if entry.get("use", "sig") != "sig":
        raise KeyFormatError("a key is not for signatures (`use`)")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyFormatError("a key is not for signatures (`key_ops`)")
    if "d" in entry:
        raise KeyFormatError("a key is private, so anybody who can read it can sign")
    if entry.get("kty") == "RSA":
        numbers: Any = RSAPublicNumbers(_number(entry, "e"), _number(entry, "n"))
    elif entry.get("kty") == "EC" and entry.get("crv") == "P-256":
        numbers = EllipticCurvePublicNumbers(_number(entry, "x"), _number(entry, "y"), SECP256R1())
    else:
        raise KeyFormatError("a key is of another kind (`kty`, `crv`)")
    try:
        key = numbers.public_key(default_backend())
    except Exception as error:
        # cryptography has no family of errors for this, and they differ between its releases.
        raise KeyFormatError(f"the numbers of a key are wrong ({type(error).__name__})") from None
    trusted = _trusted(key)
    if entry.get("alg", algorithm_of(trusted)) != algorithm_of(trusted):
        raise KeyFormatError("a key is for another algorithm (`alg`)")
    return trusted


def _trusted(key: Any) -> PublicKey:
    if isinstance(key, RSAPublicKey) and _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise KeyFormatError(
        f"a key is neither RSA of {_LEAST_RSA_BITS} to {_MOST_RSA_BITS} bits nor P-256"
    )


def _number(entry: Mapping[str, Any], name: str) -> int:
    text = entry.get(name)
    if not isinstance(text, str) or not text:
        raise KeyFormatError(f"`{name}` of a key is missing")
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except ValueError:
        raise KeyFormatError(f"`{name}` of a key is not base64") from None
