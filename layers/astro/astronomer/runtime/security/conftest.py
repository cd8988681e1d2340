"""A platform for the tests: its keys, its key set and its tokens."""

from __future__ import annotations

import base64
import json
import tempfile
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Mapping

import jwt
import pytest
from astronomer.runtime.conftest import serving
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from flask import Flask

ISSUER, AUDIENCE = "https://platform.test/", "deployment-1"


class SigningKey:
    """A private key and what belongs to it."""

    def __init__(
        self,
        kid: str,
        algorithm: str = "RS256",
        curve: ec.EllipticCurve = ec.SECP256R1(),
        bits: int = 2048,
    ) -> None:
        self.kid = kid
        self.algorithm = algorithm
        if algorithm == "RS256":
            self._key: Any = rsa.generate_private_key(65537, bits, default_backend())
        else:
            self._key = ec.generate_private_key(curve, default_backend())

    @property
    def public_pem(self) -> bytes:
        public = self._key.public_key()
        return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    @property
    def jwk(self) -> Dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        about = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "RS256":
            return {**about, "kty": "RSA", "n": _base64(numbers.n), "e": _base64(numbers.e)}
        x, y = _base64(numbers.x, 32), _base64(numbers.y, 32)
        return {**about, "kty": "EC", "crv": "P-256", "x": x, "y": y}

    def token(self, headers: Dict[str, Any] = {}, **claims: Any) -> str:
        """A good token but for what the arguments say; a claim that is None is left out."""
        now = int(time.time())
        good = {
            "sub": "ada",
            "email": "ada@platform.test",
            "full_name": "Ada Lovelace",
            "roles": ["WORKSPACE_EDITOR"],
            "iss": ISSUER,
            "aud": AUDIENCE,
            "nbf": now,
            "exp": now + 600,
        }
        payload = {name: value for name, value in {**good, **claims}.items() if value is not None}
        encode: Any = jwt.encode
        made = encode(
            payload, self.private_pem, self.algorithm, headers={"kid": self.kid, **headers}
        )
        # PyJWT 1 gives bytes.
        return made.decode() if isinstance(made, bytes) else str(made)

    def sign(self, claims: str, **headers: Any) -> str:
        """A token with these claims, whatever they are, by an RSA key."""
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid, **headers}
        content = ".".join(_base64_text(part.encode()) for part in (json.dumps(header), claims))
        signature = self._key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{content}.{_base64_text(signature)}"

    @property
    def private_pem(self) -> bytes:
        return bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def key_set(*keys: SigningKey) -> bytes:
    """A JSON Web Key Set."""
    return json.dumps({"keys": [key.jwk for key in keys]}).encode()


def hand_made_token(
    header: "Dict[str, Any] | str", claims: Dict[str, Any], signature: str = ""
) -> str:
    """A token that no library would make; a header may be text."""
    text = header if isinstance(header, str) else json.dumps(header)
    return ".".join(
        [*(_base64_text(part.encode()) for part in (text, json.dumps(claims))), signature]
    )


def _base64(number: int, length: int = 0) -> str:
    return _base64_text(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


def _base64_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


COOKIE = "platform_token"


@contextmanager
def platform_application(
    key: SigningKey, options: Mapping[str, str] = {}, **config: Any
) -> Iterator[Flask]:
    """Airflow's webserver application on a platform whose key set holds one key.

    Args:
        key: The key.
        options: More of Airflow's options, as `<SECTION>__<NAME>`.
        config: Flask's configuration, as a project's `webserver_config.py` sets it.
    """
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        server.body = key_set(key)
        for name, value in {
            "ASTRONOMER__HOUSTON_JWK_URL": server.url,
            "ASTRONOMER__JWT_ISSUER": ISSUER,
            "ASTRONOMER__JWT_AUDIENCE": AUDIENCE,
            "ASTRONOMER__JWT_COOKIE": COOKIE,
            "API__AUTH_BACKEND": "astronomer.runtime.security.api_auth",
            "API__AUTH_BACKENDS": "astronomer.runtime.security.api_auth",
            # Restored with the others: on the platform it is overruled.
            "WEBSERVER__SESSION_BACKEND": "database",
            **options,
        }.items():
            patch.setenv(f"AIRFLOW__{name}", value)
        from airflow.www.app import create_app

        yield create_app(config=config, testing=True)


@pytest.fixture(scope="session", autouse=True)
def own_key_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What processes share of keys: the server of another run may have had our port."""
    folder = str(tmp_path_factory.mktemp("keys"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield


@pytest.fixture(scope="session")
def rsa_key() -> SigningKey:
    return SigningKey("rsa-1")


@pytest.fixture(scope="session")
def ec_key() -> SigningKey:
    return SigningKey("ec-1", "ES256")


@pytest.fixture(scope="session")
def strange_key() -> SigningKey:
    """A key that the platform does not know, with the id of one that it knows."""
    return SigningKey("rsa-1")
