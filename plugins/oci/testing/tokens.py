"""A token server on loopback, of the kind that `docker-registry` sends its clients to.

Source: distribution/distribution, docs/spec/auth/jwt.md, token.md and oauth.md.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, List, Tuple
from urllib.parse import parse_qs, urlsplit

from oci.testing.loopback import LoopbackServer
from oci.testing.registry import PASSWORD, USER

IDENTITY_TOKEN = "identity of the publisher"
_SERVICE, _ISSUER = "registry of a test", "token server of a test"


def make_certificate(folder: Path) -> Tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=registry of a test", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class TokenServer(LoopbackServer):
    """Gives USER, or whoever has IDENTITY_TOKEN, tokens for all that is asked.

    Args:
        folder: For its key.
    """

    def __init__(self, folder: Path) -> None:
        self._certificate, self._key = make_certificate(folder)
        self.seconds = 300.0
        """How long a token is good."""
        self.scopes: List[List[str]] = []
        """What was asked for, request by request."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                known = self.headers.get("Authorization") == f"Basic {pair}"
                self._answer(known, parse_qs(urlsplit(self.path).query).get("scope", []))

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(size).decode())
                known = form["grant_type"] == ["refresh_token"]
                known = known and form["refresh_token"] == [IDENTITY_TOKEN]
                self._answer(known, form["scope"][0].split())

            def _answer(self, known: bool, scopes: List[str]) -> None:
                server.scopes.append(scopes)
                content = json.dumps({"token": server.token(scopes), "expires_in": server.seconds})
                body = content.encode() if known else b"{}"
                self.send_response(200 if known else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    @property
    def auth(self) -> Dict[str, Any]:
        """What makes a registry trust it."""
        return {
            "token": {
                "realm": f"http://{self.address}/token",
                "service": _SERVICE,
                "issuer": _ISSUER,
                "rootcertbundle": str(self._certificate),
            }
        }

    def token(self, scopes: List[str]) -> str:
        """A signed token for these scopes."""
        der = "".join(self._certificate.read_text().split("-----")[2].split())
        now = int(time.time())
        access = [
            {"type": kind, "name": name, "actions": actions.split(",")}
            for kind, name, actions in (scope.split(":") for scope in scopes)
        ]
        claims = {
            "iss": _ISSUER,
            "sub": USER,
            "aud": _SERVICE,
            "iat": now,
            "nbf": now - 10,
            "exp": int(now + self.seconds),
            "jti": str(len(self.scopes)),
            "access": access,
        }
        header = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        text = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self._key)],
            input=text.encode(),
            capture_output=True,
            check=True,
        ).stdout
        return f"{text}.{_base64url(signature)}"
