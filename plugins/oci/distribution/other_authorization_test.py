"""How registries ask who we are, in their own ways, as people report of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from oci.distribution.docker_config import Credentials
from oci.distribution.errors import RegistryError
from oci.format.layout import Layout
from oci.testing.images import noise, write_image
from oci.testing.pushing import ME, push
from oci.testing.quirks import asks_for_tokens, basic, holds
from oci.testing.stand_in import Reply, Request, StandInRegistry


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer realm="REALM",service="a registry"',
        'bearer realm="REALM"',
        "BEARER realm=REALM",
        'Bearer realm="REALM",service="a, \\"b\\" = c",scope="repository:demo:pull",error="x, y"',
        'Basic, Bearer realm="REALM"',
        'Basic realm="a, b", Bearer realm="REALM",service="a registry"',
        'Bearer realm="REALM",service="a registry", Basic realm="x"',
        'Negotiate, Bearer realm="REALM"',
        'Negotiate\nBasic realm="x"\nBearer realm="REALM"',
        'Digest realm="x", qop="auth,auth-int", nonce="y",Bearer realm="REALM"',
        'Bearer realm="REALM?audience=x"',
        'Basic realm="x",Bearer realm = "REALM" , service = "a registry"',
    ],
)
def test_a_token_is_had_however_it_is_asked_for(
    registry: StandInRegistry, image: Layout, challenge: str
) -> None:
    registry.quirks = [asks_for_tokens(registry, challenge)]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize(
    "challenge",
    [
        "Basic",
        "basic charset=utf-8",
        'Basic realm="x"',
        'Negotiate, Basic realm="x"',
        'NTLM\nBasic realm="x"',
        # A token server that is not there, or no address at all.
        'Basic realm="x", Bearer realm="http://127.0.0.1/none"',
        'Bearer, Basic realm="x"',
        'Bearer realm="/token", Basic realm="x"',
        # One that refuses.
        'Bearer realm="REFUSES",service="x", Basic realm="x"',
    ],
)
def test_a_password_is_given_however_it_is_asked_for(
    registry: StandInRegistry, image: Layout, challenge: str
) -> None:
    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/refuses":
            return Reply(403)
        if request.headers.get("Authorization") == basic(ME):
            return None
        refuses = f"http://{registry.address}/refuses"
        text = challenge.replace("REFUSES", refuses)
        return Reply(401, {"WWW-Authenticate": text.replace("127.0.0.1/none", registry.address)})

    registry.quirks = [quirk]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_may_ask_at_its_door_alone(
    registry: StandInRegistry, image: Layout, status: int
) -> None:
    inner = asks_for_tokens(registry)

    def quirk(request: Request) -> Optional[Reply]:
        reply = inner(request)
        if reply is None or request.path in ("/token", "/v2/"):
            return reply
        return Reply(status)

    registry.quirks = [quirk]
    push(registry.address, image)
    assert holds(registry, image)


def test_without_credentials_a_token_is_asked_for_without_any(
    registry: StandInRegistry, image: Layout
) -> None:
    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/token":
            anonymous = "Authorization" not in request.headers
            return Reply(200, {}, b'{"token": "good"}') if anonymous else Reply(401)
        return asks_for_tokens(registry)(request)

    registry.quirks = [quirk]
    push(registry.address, image, credentials=None)
    assert holds(registry, image)


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "good"},
        {"token": "", "access_token": "good"},
        {"token": None, "access_token": "good", "expires_in": 300},
        *({"token": "good", "expires_in": seconds} for seconds in (0, -1, None, "300", "soon")),
        *(
            {"token": "good", "expires_in": seconds}
            for seconds in ([], {}, 10**400, "NaN", 1e308)
        ),
        {"token": "good", "issued_at": "2015-10-21T07:28:00Z", "expires_in": 60},
        {"token": "good", "issued_at": "yesterday", "refresh_token": "x"},
    ],
)
def test_a_token_is_good_whatever_is_said_of_it(
    registry: StandInRegistry, image: Layout, answer: Dict[str, Any]
) -> None:
    registry.quirks = [asks_for_tokens(registry, answer=answer)]
    push(registry.address, image)
    assert holds(registry, image)
    assert len(registry.asked("/token")) == 1


def test_a_busy_token_server_is_asked_again(registry: StandInRegistry, image: Layout) -> None:
    busy: List[str] = []

    def once(request: Request) -> Optional[Reply]:
        if request.path != "/token" or busy:
            return None
        busy.append(request.path)
        return Reply(429, {"Retry-After": "0"})

    registry.quirks = [once, asks_for_tokens(registry)]
    push(registry.address, image)
    assert busy and holds(registry, image)


def test_a_token_that_ends_early_is_renewed_by_all_that_use_it(
    registry: StandInRegistry, tmp_path: Path
) -> None:
    layout = write_image(tmp_path, [noise(str(number), 1500) for number in range(8)])
    given: List[str] = []
    uses: Dict[str, int] = {}

    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/token":
            given.append(f"token{len(given)}")
            return Reply(200, {}, json.dumps({"token": given[-1]}).encode())
        token = request.headers.get("Authorization", "").partition(" ")[2]
        uses[token] = uses.get(token, 0) + 1
        # Each is good for a few requests, and not after there is another.
        if given and token == given[-1] and uses[token] <= 6:
            return None
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="http://{registry.address}/token"'})

    registry.quirks = [quirk]
    push(registry.address, layout)
    assert holds(registry, layout)
    assert len(given) > 1


def test_a_token_is_had_for_what_the_registry_says_that_it_takes(
    registry: StandInRegistry, image: Layout
) -> None:
    scope = "repository:mirror/demo:pull,push"

    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/token":
            good = scope in request.query["scope"]
            return Reply(200, {}, json.dumps({"token": "good" if good else "bad"}).encode())
        challenge = f'Bearer realm="REALM",scope="{scope}",error="insufficient_scope"'
        return asks_for_tokens(registry, challenge)(request)

    registry.quirks = [quirk]
    push(registry.address, image)
    assert holds(registry, image)


@pytest.mark.parametrize(
    "challenge", ["Basic", 'Bearer realm="REALM"', "Basic, Bearer realm=REALM"]
)
def test_credentials_that_are_refused_are_told_and_not_tried_for_ever(
    registry: StandInRegistry, image: Layout, challenge: str
) -> None:
    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/token":
            number = len(registry.requests)
            return Reply(200, {}, json.dumps({"token": f"bad{number}"}).encode())
        realm = f"http://{registry.address}/token"
        return Reply(401, {"WWW-Authenticate": challenge.replace("REALM", realm)})

    registry.quirks = [quirk]
    with pytest.raises(RegistryError, match=r"refuses the credentials of me \(401\).*docker login"):
        push(registry.address, image)
    assert len(registry.requests) < 10


def test_what_a_storage_asks_is_not_answered(
    registry: StandInRegistry, storage: StandInRegistry, image: Layout
) -> None:
    def redirect(request: Request) -> Optional[Reply]:
        if request.method not in ("GET", "HEAD") or "/blobs/sha256" not in request.path:
            return None
        return Reply(307, {"Location": f"http://{storage.address}{request.path}"})

    realm = f"http://{storage.address}/token"
    storage.quirks = [lambda request: Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})]
    registry.quirks = [redirect]
    push(registry.address, image)
    assert holds(registry, image)
    assert storage.asked("/token") == []


def test_an_identity_token_goes_nowhere_else(
    registry: StandInRegistry, storage: StandInRegistry, image: Layout
) -> None:
    def quirk(request: Request) -> Optional[Reply]:
        if request.path == "/token":
            return Reply(307, {"Location": f"http://{storage.address}/token"})
        return asks_for_tokens(registry)(request)

    registry.quirks = [quirk]
    with pytest.raises(RegistryError, match=r"the token server .* refuses .* \(307\)"):
        push(registry.address, image, credentials=Credentials(identity_token="secret"))
    assert storage.requests == []
