"""An OpenID provider on this machine, which can be made to lie."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "nop-portal", "between us"
Claims = dict[str, Any]


class IdentityProvider:
    """What it signs and says is changed by its attributes."""

    def __init__(self, name: str, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}/{name}"
        self.key = RSAKey.generate_key(2048, {"kid": f"{name}-1", "use": "sig"})
        self.published = [self.key]
        self.subject = "citizen-7"
        self.claims: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.sign_well
        self.token: Callable[[str], Any] = lambda token: token
        self.discovery: Claims = {}
        self.answer_iss: str | None = self.issuer
        self.requests: list[str] = []
        self._codes: dict[str, Claims] = {}

    def sign_well(self, claims: Claims) -> str:
        """As it should."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def authorise(self, url: str) -> str:
        """What the browser does there: signs in; returns the address that it is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["code_challenge_method"] == "S256" and query["response_type"] == "code"
        code = sha256(query["state"].encode()).hexdigest()
        self._codes[code] = query
        answer = {"code": code, "state": query["state"]}
        if self.answer_iss:
            answer["iss"] = self.answer_iss
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, Any]:
        """Answer a request."""
        self.requests.append(f"{method} {path}")
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "authorization_response_iss_parameter_supported": True,
                **self.discovery,
            }
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
        if (method, path) == ("POST", "/token"):
            return self._exchange(body, authorization)
        return 404, {}

    def _exchange(self, body: bytes, authorization: str) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or authorization != f"Basic {pair}"
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
        }
        return 200, {"id_token": self.token(self.sign(self.claims(claims))), "token_type": "Bearer"}


@contextmanager
def run_providers(*names: str) -> Iterator[list[IdentityProvider]]:
    """Providers on one loopback port, one path each, until the block ends."""
    providers: dict[str, IdentityProvider] = {}

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            name, _, path = self.path.lstrip("/").partition("/")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, answer = providers[name].answer(
                self.command, f"/{path}", body, self.headers.get("authorization", "")
            )
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    providers |= {name: IdentityProvider(name, server.server_address[1]) for name in names}
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield list(providers.values())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def wrong_signatures(provider: IdentityProvider) -> dict[str, Callable[[Claims], str]]:
    """ID tokens that prove nothing, by what is wrong with them."""
    stranger = RSAKey.generate_key(2048, {"kid": provider.key.kid})
    curve = ECKey.generate_key("P-256", {"kid": provider.key.kid})

    def unsigned(claims: Claims) -> str:
        return f"{_part({'alg': 'none', 'kid': provider.key.kid})}.{_part(claims)}."

    def shared(claims: Claims) -> str:
        signed = f"{_part({'alg': 'HS256', 'kid': provider.key.kid})}.{_part(claims)}"
        mac = hmac.digest(provider.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    def with_header(key: Any = provider.key, **header: Any) -> Callable[[Claims], str]:
        def sign(claims: Claims) -> str:
            head = {"alg": "RS256", "kid": provider.key.kid, **header}
            signed = jwt.encode({"alg": head["alg"], "kid": head["kid"]}, claims, key,
                                algorithms=["RS256", "RS512", "ES256"])  # fmt: skip
            if set(head) <= {"alg", "kid"}:
                return signed
            return _resign(key, head, claims)

        return sign

    def json_form(claims: Claims) -> str:
        return json.dumps({"payload": _part(claims), "signatures": []})

    own_jwk = stranger.as_dict(private=False)
    return {
        "alg none": unsigned,
        "HS256 with the public key": shared,
        "another alg": with_header(alg="RS512"),
        "another's signature": with_header(stranger),
        "a key of another kind": with_header(curve, alg="ES256"),
        "unknown kid": with_header(stranger, kid="nobody's"),
        "jwk in the header": with_header(stranger, jwk=own_jwk),
        "jku in the header": with_header(jku="https://evil.example/keys"),
        "crit in the header": with_header(crit=["exp"]),
        "x5u in the header": with_header(x5u="https://evil.example/cert"),
        "unsigned JSON form": json_form,
        "two parts": lambda claims: provider.sign_well(claims).rpartition(".")[0],
        "claims changed after signing": lambda claims: _swap(provider.sign_well(claims), claims),
    }


WRONG_CLAIMS: dict[str, Claims] = {
    "wrong audience": {"aud": "somebody else"},
    "several audiences and no azp": {"aud": [CLIENT, "somebody else"]},
    "another azp": {"azp": "somebody else"},
    "wrong issuer": {"iss": "https://evil.example"},
    "wrong nonce": {"nonce": "replayed"},
    "no nonce": {"nonce": None},
    "expired": {"exp": time.time() - 3600},
    "no expiry": {"exp": None},
    "issued long ago": {"iat": time.time() - 7200},
    "issued in future": {"iat": time.time() + 7200},
    "not valid yet": {"nbf": time.time() + 7200},
    "no subject": {"sub": ""},
}


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _resign(key: Any, header: Claims, claims: Claims) -> str:
    """A correct signature over a header that the library would not write."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    signed = f"{_part(header)}.{_part(claims)}"
    signature = key.private_key.sign(signed.encode(), PKCS1v15(), SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _swap(token: str, claims: Claims) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{_part({**claims, 'sub': 'somebody else'})}.{signature}"
