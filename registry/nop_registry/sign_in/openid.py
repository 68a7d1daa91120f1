"""OpenID Connect without its HTTP: where to send a person, and whether what comes back is true.

Authorization code with PKCE (RFC 7636), state, nonce and issuer (RFC 9207). Of an ID token only
what is fixed here is believed: three algorithms, the provider's own keys, no header that names
another key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from nop_registry.errors import AccessDenied

ALGORITHMS = ("RS256", "ES256", "PS256")
_NAMES_ANOTHER_KEY = frozenset({"jwk", "jku", "x5u", "x5c", "crit"})
_KEY_TYPE = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
_CLOCKS_DIFFER_S = 60
_OLDEST_S = 600
_LONGEST_TOKEN = 32_768


class Untrusted(AccessDenied):
    """What came from the provider does not prove who the person is."""


class UnknownKey(Untrusted):
    """The token names a key that the provider did not publish when it was last asked."""


class Endpoints(msgspec.Struct, frozen=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class Identity(msgspec.Struct, frozen=True):
    """Who the provider says it is."""

    subject: str
    methods: frozenset[str]
    """Values of `acr` and `amr`: how the person signed in there."""


def discovery_url(issuer: str) -> str:
    """Where a provider describes itself."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_endpoints(body: bytes, issuer: str) -> Endpoints:
    """A provider's description. Raises Untrusted unless it is this issuer's, and by https."""
    try:
        found = msgspec.json.decode(body, type=Endpoints)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Untrusted("the provider's description of itself cannot be read") from None
    if found.issuer != issuer:
        raise Untrusted("the provider calls itself otherwise than it was registered")
    schemes = {"https"} | {urlsplit(issuer).scheme}
    for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        if urlsplit(url).scheme not in schemes:
            raise Untrusted("the provider names an address that is not https")
    return found


def read_keys(body: bytes) -> KeySet:
    """The provider's public keys. Raises Untrusted."""
    try:
        found = json.loads(body)
        return KeySet.import_key_set({"keys": [key for key in found["keys"] if _signs(key)]})
    except (JoseError, ValueError, KeyError, TypeError):
        raise Untrusted("the provider's keys cannot be read") from None


def new_verifier() -> str:
    """A PKCE verifier, or a nonce: 256 random bits."""
    return secrets.token_urlsafe(32)


def authorization_url(
    endpoints: Endpoints,
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    nonce: str,
    verifier: str,
) -> str:
    """Where the browser is sent."""
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "scope": "openid",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    separator = "&" if urlsplit(endpoints.authorization_endpoint).query else "?"
    return endpoints.authorization_endpoint + separator + urlencode(query)


def check_answer(endpoints: Endpoints, query: Mapping[str, str]) -> str:
    """The code in a provider's answer. Raises Untrusted: an error, or from another provider."""
    said = query.get("iss")
    if said is None and endpoints.authorization_response_iss_parameter_supported:
        raise Untrusted("the answer does not say which provider it is from")
    if said is not None and said != endpoints.issuer:
        raise Untrusted("the answer is from another provider")
    if "error" in query:
        raise Untrusted("the provider did not let the person in")
    code = query.get("code", "")
    if not code or len(code) > 2000:
        raise Untrusted("the answer has no code")
    return code


def token_request(
    *, client_id: str, secret: str | None, redirect_uri: str, code: str, verifier: str
) -> tuple[dict[str, str], bytes]:
    """Headers and body that exchange the code for tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client_id,
        "code_verifier": verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if secret is not None:  # RFC 6749 §2.3.1
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return headers, urlencode(form).encode()


def read_id_token(body: bytes) -> str:
    """The ID token in a provider's answer. Raises Untrusted."""
    try:
        found = json.loads(body)["id_token"]
    except (ValueError, KeyError, TypeError):
        raise Untrusted("the provider gave no ID token") from None
    if not isinstance(found, str) or len(found) > _LONGEST_TOKEN:
        raise Untrusted("the provider gave no ID token")
    return found


def verify(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, now: datetime
) -> Identity:
    """Whom the ID token proves. Raises UnknownKey (ask for the keys again) or Untrusted."""
    header = _header(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise Untrusted("the ID token is signed in a way that is not accepted")
    if _NAMES_ANOTHER_KEY & header.keys():
        raise Untrusted("the ID token brings or names a key of its own")
    key = _find_key(keys, header.get("kid"), _KEY_TYPE[algorithm])
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError):
        raise Untrusted("the ID token's signature is not the provider's") from None
    _check_claims(claims, issuer, client_id, nonce, now.timestamp())
    return Identity(claims["sub"], _methods(claims))


def _check_claims(
    claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: float
) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if claims.get("iss") != issuer:
        raise Untrusted("the ID token is from another provider")
    if client_id not in audiences or party not in ({None, client_id}):
        raise Untrusted("the ID token is for somebody else")
    if len(audiences) > 1 and party is None:
        raise Untrusted("the ID token is for several, and does not say who asked for it")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise Untrusted("the ID token belongs to another sign-in")
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if not now - _OLDEST_S < issued <= now + _CLOCKS_DIFFER_S or expires <= now - _CLOCKS_DIFFER_S:
        raise Untrusted("the ID token is not valid now; compare the clocks")
    if "nbf" in claims and _moment(claims, "nbf") > now + _CLOCKS_DIFFER_S:
        raise Untrusted("the ID token is not valid now; compare the clocks")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Untrusted("the ID token does not say who the person is")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Untrusted("the ID token does not say when it is valid")
    return float(value)


def _methods(claims: Mapping[str, Any]) -> frozenset[str]:
    amr = claims.get("amr")
    values: Collection[Any] = [*(amr if isinstance(amr, list) else [amr]), claims.get("acr")]
    return frozenset(value for value in values if isinstance(value, str))


def _header(token: str) -> dict[str, Any]:
    """The token's header. Raises Untrusted unless it is a compact JWS of three parts."""
    parts = token.split(".")
    try:
        padded = parts[0] + "=" * (-len(parts[0]) % 4)
        found = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        found = None
    if len(parts) != 3 or not isinstance(found, dict):
        raise Untrusted("the ID token is no signed token")
    return found


def _find_key(keys: KeySet, kid: object, key_type: str) -> Any:
    fitting = [key for key in keys if key.key_type == key_type]
    if kid is None and len(fitting) == 1:
        return fitting[0]
    named = [key for key in fitting if key.kid == kid]
    if not named:
        raise UnknownKey("the ID token is signed with a key that the provider does not publish")
    return named[0]


def _signs(key: Mapping[str, Any]) -> bool:
    """A public key for signatures; never a shared secret."""
    return key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"
