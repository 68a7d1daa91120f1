"""What comes back from an identity provider is believed only if all of it is right."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from identity_provider import CLIENT, WRONG_CLAIMS, IdentityProvider, wrong_signatures

from nop_registry.sign_in import openid
from nop_registry.sign_in.openid import Endpoints, Untrusted

PROVIDER = IdentityProvider("id", 1)
WRONG_SIGNATURES = wrong_signatures(PROVIDER)


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    good = {
        "iss": PROVIDER.issuer, "aud": CLIENT, "sub": "citizen-7", "nonce": "n", "iat": now,
        "exp": now + 300,
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not None}


def check(token: str) -> openid.Identity:
    keys = openid.read_keys(json.dumps({"keys": [PROVIDER.key.as_dict(private=False)]}).encode())
    return openid.verify(
        token, keys, issuer=PROVIDER.issuer, client_id=CLIENT, nonce="n", now=datetime.now(UTC)
    )


def test_a_good_token_tells_who_it_is_and_how_they_signed_in() -> None:
    token = PROVIDER.sign_well(claims(amr=["pwd", "otp"], acr="loa2", azp=CLIENT))
    assert check(token) == openid.Identity("citizen-7", frozenset({"pwd", "otp", "loa2"}))


@pytest.mark.parametrize("wrong", WRONG_SIGNATURES)
def test_a_token_with_another_signature_is_refused(wrong: str) -> None:
    with pytest.raises(Untrusted):
        check(WRONG_SIGNATURES[wrong](claims()))


@pytest.mark.parametrize("wrong", WRONG_CLAIMS)
def test_a_token_with_other_claims_is_refused(wrong: str) -> None:
    with pytest.raises(Untrusted):
        check(PROVIDER.sign_well(claims(**WRONG_CLAIMS[wrong])))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "{}", "e30.e30.", "ü.ü.ü"])
def test_rubbish_is_no_token(token: str) -> None:
    with pytest.raises(Untrusted):
        check(token)


def test_a_shared_secret_among_the_keys_is_not_used() -> None:
    with pytest.raises(Untrusted):
        openid.read_keys(b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "id-1"}]}')
    with pytest.raises(Untrusted):
        openid.read_keys(b"[]")


def test_a_description_is_the_issuers_own_and_names_only_https() -> None:
    def describe(issuer: str, endpoint: str) -> bytes:
        return json.dumps(
            {
                "issuer": issuer, "authorization_endpoint": f"{endpoint}/a",
                "token_endpoint": f"{endpoint}/t", "jwks_uri": f"{endpoint}/k",
            }
        ).encode()  # fmt: skip

    good = openid.read_endpoints(describe("https://id.in", "https://id.in"), "https://id.in")
    assert good.jwks_uri == "https://id.in/k"
    for issuer, endpoint in (("https://other.in", "https://id.in"), ("https://id.in", "http://x")):
        with pytest.raises(Untrusted):
            openid.read_endpoints(describe(issuer, endpoint), "https://id.in")
    with pytest.raises(Untrusted):
        openid.read_endpoints(b"<html>", "https://id.in")


def test_an_answer_of_another_provider_is_refused() -> None:
    ours = Endpoints(
        "https://id.in", "a", "t", "k", authorization_response_iss_parameter_supported=True
    )
    assert openid.check_answer(ours, {"code": "c", "iss": "https://id.in"}) == "c"
    for query in (
        {"code": "c", "iss": "https://other.in"},
        {"code": "c"},
        {"error": "access_denied", "iss": "https://id.in"},
        {"iss": "https://id.in"},
    ):
        with pytest.raises(Untrusted):
            openid.check_answer(ours, query)
