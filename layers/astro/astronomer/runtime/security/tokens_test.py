from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Callable, Dict, List

import pytest
from astronomer.runtime.conftest import HttpServer
from astronomer.runtime.security.conftest import (
    AUDIENCE,
    ISSUER,
    SigningKey,
    hand_made_token,
    key_set,
)
from astronomer.runtime.security.errors import TokenError
from astronomer.runtime.security.public_keys import KeyFormatError, keys_from_jwks
from astronomer.runtime.security.tokens import Identity, TokenVerifier
from cryptography.hazmat.primitives.asymmetric import ec

CLAIMS: Dict[str, Any] = {
    "sub": "ada",
    "roles": ["Admin"],
    "iss": ISSUER,
    "aud": AUDIENCE,
    "exp": 4102444800,
}


class Keys:
    def __init__(self, *keys: SigningKey) -> None:
        self._keys = keys_from_jwks({"keys": [key.jwk for key in keys]})

    def find(self, kid: Any) -> Any:
        found = self._keys.find(kid)
        if not found:
            raise TokenError("unknown key")
        return found


@pytest.fixture
def verifier(rsa_key: SigningKey, ec_key: SigningKey) -> TokenVerifier:
    return TokenVerifier(Keys(rsa_key, ec_key), ISSUER, AUDIENCE, leeway=60)


def test_a_good_token_of_either_kind_says_who_it_is(
    verifier: TokenVerifier, rsa_key: SigningKey, ec_key: SigningKey
) -> None:
    ada = Identity("ada", "ada@platform.test", "Ada Lovelace", frozenset({"WORKSPACE_EDITOR"}))
    assert verifier.verify(rsa_key.token()) == ada
    assert verifier.verify(ec_key.token()) == ada


@pytest.mark.parametrize(
    "claims, email, full_name",
    [
        ({"email": "e" * 65}, "ada", "Ada Lovelace"),
        ({"email": "a\udc80@test"}, "ada", "Ada Lovelace"),
        ({"full_name": " A\udc80da\n"}, "ada@platform.test", "Ada"),
        ({"full_name": "A" * 65}, "ada@platform.test", "A" * 64),
        ({"full_name": "\x00"}, "ada@platform.test", "ada"),
    ],
)
def test_of_what_only_describes_a_user_the_part_that_can_be_stored_counts(
    verifier: TokenVerifier, rsa_key: SigningKey, claims: Dict[str, Any], email: str, full_name: str
) -> None:
    assert verifier.verify(rsa_key.token(**claims))[1:3] == (email, full_name)


def test_clocks_may_differ_by_the_leeway(verifier: TokenVerifier, rsa_key: SigningKey) -> None:
    now = int(time.time())
    assert verifier.verify(rsa_key.token(exp=now - 30, nbf=now + 30))


def test_a_token_for_several_audiences_is_for_us_too(
    verifier: TokenVerifier, rsa_key: SigningKey
) -> None:
    assert verifier.verify(rsa_key.token(aud=["other", AUDIENCE]))


HOSTILE_CLAIMS: Dict[str, Callable[[], Dict[str, Any]]] = {
    "expired": lambda: {"exp": int(time.time()) - 120},
    "not yet valid": lambda: {"nbf": int(time.time()) + 120},
    "without end": lambda: {"exp": None},
    "end is a text": lambda: {"exp": str(int(time.time()) + 600)},
    "end is true": lambda: {"exp": True},
    "end is a list": lambda: {"exp": [int(time.time()) + 600]},
    "end is never": lambda: {"exp": float("inf")},
    "end is not a number": lambda: {"exp": float("nan")},
    "begin is a text": lambda: {"nbf": "0"},
    "issued by a text": lambda: {"iat": "now"},
    "another audience": lambda: {"aud": "deployment-2"},
    "another audience that holds ours": lambda: {"aud": "deployment-11"},
    "no audience": lambda: {"aud": None},
    "audience is an object": lambda: {"aud": {AUDIENCE: True}},
    "issuer is a list": lambda: {"iss": [ISSUER]},
    "another issuer": lambda: {"iss": "https://evil.test/"},
    "no issuer": lambda: {"iss": None},
    "nobody": lambda: {"sub": None},
    "empty name": lambda: {"sub": ""},
    "name is a number": lambda: {"sub": 7},
    "very long name": lambda: {"sub": "a" * 65},
    "half a character": lambda: {"sub": "a\udc80"},
    "name with a control character": lambda: {"sub": "a\x00"},
    "name with a space at its end": lambda: {"sub": "ada "},
    "no roles": lambda: {"roles": None},
    "roles is a text": lambda: {"roles": "Admin"},
    "a role is a list": lambda: {"roles": [["Admin"]]},
    "email is a list": lambda: {"email": ["a"]},
    "too long": lambda: {"padding": "x" * 9000},
}


@pytest.mark.parametrize("case", HOSTILE_CLAIMS)
def test_a_token_with_other_claims_is_refused(
    verifier: TokenVerifier, rsa_key: SigningKey, case: str
) -> None:
    with pytest.raises(TokenError):
        verifier.verify(rsa_key.token(**HOSTILE_CLAIMS[case]()))


def test_a_token_of_another_key_is_refused(
    verifier: TokenVerifier, strange_key: SigningKey
) -> None:
    with pytest.raises(TokenError):
        verifier.verify(strange_key.token())


@pytest.mark.parametrize("kid", ["unknown", 7, ["rsa-1"], "ec-1", {}, False])
def test_a_token_that_names_another_key_is_refused(
    verifier: TokenVerifier, rsa_key: SigningKey, kid: object
) -> None:
    with pytest.raises(TokenError):
        verifier.verify(rsa_key.sign(json.dumps(CLAIMS), kid=kid))


@pytest.mark.parametrize("kid", [None, ""])
def test_a_token_that_names_no_key_is_checked_with_those_there_are(
    rsa_key: SigningKey, ec_key: SigningKey, strange_key: SigningKey, kid: object
) -> None:
    several = TokenVerifier(Keys(SigningKey("other"), ec_key, rsa_key), ISSUER, AUDIENCE, 60)
    assert several.verify(rsa_key.sign(json.dumps(CLAIMS), kid=kid)).username == "ada"
    with pytest.raises(TokenError, match="of another key"):
        several.verify(strange_key.sign(json.dumps(CLAIMS), kid=kid))


@pytest.mark.parametrize("change", [{"kid": None}, {"use": None, "alg": None, "key_ops": None}])
def test_what_is_optional_in_a_key_may_be_null(
    rsa_key: SigningKey, strange_key: SigningKey, change: Dict[str, Any]
) -> None:
    keys = keys_from_jwks({"keys": [{**rsa_key.jwk, **change}]})
    verifier = TokenVerifier(keys, ISSUER, AUDIENCE, 60)
    assert verifier.verify(rsa_key.token()).username == "ada"
    with pytest.raises(TokenError):
        verifier.verify(strange_key.token())


@pytest.mark.parametrize("name", ["email", "full_name", "nbf", "iat"])
def test_an_optional_claim_may_be_null_or_missing(
    verifier: TokenVerifier, rsa_key: SigningKey, name: str
) -> None:
    for claims in ({**CLAIMS, name: None}, CLAIMS):
        identity = verifier.verify(rsa_key.sign(json.dumps(claims)))
        assert (identity.email, identity.full_name) == ("ada", "ada")


@pytest.mark.parametrize("name", ["sub", "roles", "iss", "aud", "exp"])
def test_a_claim_that_is_needed_is_named_where_it_is_null(
    verifier: TokenVerifier, rsa_key: SigningKey, name: str
) -> None:
    with pytest.raises(TokenError, match=f"`{name}`"):
        verifier.verify(rsa_key.sign(json.dumps({**CLAIMS, name: None})))


def test_times_may_be_fractions_and_far_ahead(verifier: TokenVerifier, rsa_key: SigningKey) -> None:
    for exp in (time.time() + 600.5, 10**30):
        claims = {**CLAIMS, "exp": exp, "nbf": time.time() - 0.5}
        assert verifier.verify(rsa_key.sign(json.dumps(claims)))


@pytest.mark.parametrize("aud", [[], [AUDIENCE, 7], [[AUDIENCE]], "", f"{AUDIENCE},other", True])
def test_an_audience_in_another_form_is_refused(
    verifier: TokenVerifier, rsa_key: SigningKey, aud: object
) -> None:
    with pytest.raises(TokenError, match="`aud`"):
        verifier.verify(rsa_key.token(aud=aud))


def test_keys_of_other_kinds_stand_beside_ours(rsa_key: SigningKey, ec_key: SigningKey) -> None:
    good = rsa_key.jwk
    others: List[Any] = [
        None,
        "key",
        {},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "rsa-1"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA"},
        {**good, "use": "enc"},
        {**good, "key_ops": ["encrypt"]},
        {**good, "key_ops": "verify"},
        {**good, "alg": "RS512"},
        {**ec_key.jwk, "alg": "RS256"},
        {**good, "kid": 7},
        {**good, "n": 7},
        {**good, "n": "***"},
        {**good, "e": "AQ"},
        {**good, "d": "AQ"},
        {**ec_key.jwk, "x": "AQ"},
        {"kid": "rsa-1", "kty": "RSA", "x5c": ["MIIB"]},
    ]
    keys = keys_from_jwks({"keys": [*others, {**good, "key_ops": ["verify", "sign"]}, *others]})
    assert len(keys.find("rsa-1")) == len(keys.find(None)) == 1
    for other in others:
        with pytest.raises(KeyFormatError, match="^no RSA or P-256 key for signatures: "):
            keys_from_jwks({"keys": [other]})


def test_two_keys_may_have_one_id(rsa_key: SigningKey, strange_key: SigningKey) -> None:
    verifier = TokenVerifier(Keys(strange_key, rsa_key), ISSUER, AUDIENCE, 60)
    assert verifier.verify(rsa_key.token()) == verifier.verify(strange_key.token())


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None])
def test_an_unsigned_token_is_refused(verifier: TokenVerifier, algorithm: object) -> None:
    with pytest.raises(TokenError):
        verifier.verify(hand_made_token({"alg": algorithm, "kid": "rsa-1"}, CLAIMS))


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    verifier: TokenVerifier, rsa_key: SigningKey
) -> None:
    unsigned = hand_made_token({"alg": "HS256", "typ": "JWT", "kid": "rsa-1"}, CLAIMS)[:-1]
    digest = hmac.new(rsa_key.public_pem, unsigned.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    with pytest.raises(TokenError):
        verifier.verify(f"{unsigned}.{signature}")


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"alg": "ES256"}])
def test_a_header_that_asks_for_something_else_is_refused(
    verifier: TokenVerifier, rsa_key: SigningKey, header: Dict[str, Any]
) -> None:
    forged = hand_made_token({"alg": "RS256", "kid": "rsa-1", **header}, CLAIMS, "AAAA")
    with pytest.raises(TokenError):
        verifier.verify(forged)


@pytest.mark.parametrize("name", ["jku", "jwk", "x5c", "x5u"])
def test_a_key_that_the_token_brings_is_not_looked_at(
    verifier: TokenVerifier, strange_key: SigningKey, http_server: HttpServer, name: str
) -> None:
    http_server.body = key_set(strange_key)
    value = {"jwk": strange_key.jwk, "x5c": [strange_key.public_pem.decode()]}
    with pytest.raises(TokenError):
        verifier.verify(strange_key.token(headers={name: value.get(name, http_server.url)}))
    assert http_server.asked == []


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_a_token_of_another_curve_is_refused(
    verifier: TokenVerifier, ec_key: SigningKey, curve: ec.EllipticCurve
) -> None:
    with pytest.raises(TokenError):
        verifier.verify(SigningKey(ec_key.kid, "ES256", curve).token())


def test_of_a_claim_that_stands_twice_the_last_counts_for_the_platform_too(
    verifier: TokenVerifier, rsa_key: SigningKey
) -> None:
    # RFC 7519, section 4, allows this or to refuse; the platform has signed both.
    claims = json.dumps(CLAIMS)[:-1] + ', "roles": ["Viewer"]}'
    assert verifier.verify(rsa_key.sign(claims)).roles == frozenset({"Viewer"})


def test_a_header_s_second_algorithm_does_not_count(verifier: TokenVerifier) -> None:
    for header in (
        '{"alg": "RS256", "alg": "none", "kid": "rsa-1"}',
        '{"alg": "none", "alg": "RS256", "kid": "rsa-1"}',
    ):
        with pytest.raises(TokenError):
            verifier.verify(hand_made_token(header, CLAIMS))


@pytest.mark.parametrize("cut", [1, 10, 200])
def test_a_truncated_token_is_refused(
    verifier: TokenVerifier, rsa_key: SigningKey, cut: int
) -> None:
    with pytest.raises(TokenError):
        verifier.verify(rsa_key.token()[:-cut])


@pytest.mark.parametrize(
    "garbage", ["", ".", "..", "a.b.c", "\u00e4.\u00f6.\u00fc", "e30.e30.e30", "W10.W10.W10"]
)
def test_garbage_is_refused(verifier: TokenVerifier, garbage: str) -> None:
    with pytest.raises(TokenError):
        verifier.verify(garbage)
