"""The portal's cookies: the session, and what ties a form to the browser that was given it.

A form's token is derived from the cookie's secret value, which another site can neither read nor
set: it is kept nowhere. Each page has another one: pages are compressed, and what stayed the same
beside what a caller chose could be told from their lengths (BREACH).
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

AnyConnection = ASGIConnection[Any, Any, Any, Any]
_SALT = 32  # characters
_FORM_SECRET = "portal_form_secret"  # noqa: S105 - a name


def session_id(connection: AnyConnection) -> str:
    """What the browser says; empty: it has no session."""
    return connection.cookies.get(_name(connection, "nop_session"), "")[:200]


def session_cookie(connection: AnyConnection, value: str) -> Cookie:
    """The cookie of a session that begins."""
    return _cookie(connection, "nop_session", value, "lax")


def no_session_cookie(connection: AnyConnection) -> Cookie:
    """Takes the session's cookie away."""
    return _cookie(connection, "nop_session", "", "lax", max_age=0)


def csrf_token(connection: AnyConnection) -> str:
    """The token for the forms of this answer. A browser without a session gets a cookie for it."""
    return _token(session_id(connection) or _form_secret(connection), secrets.token_hex(16))


def is_own_token(connection: AnyConnection, token: str) -> bool:
    """Whether a form's token was given to this browser, in this session."""
    secret = session_id(connection) or connection.cookies.get(_name(connection, "nop_form"), "")
    expected = _token(secret, token[:_SALT])
    return bool(secret) and hmac.compare_digest(expected.encode(), token.encode())


def is_same_origin(connection: AnyConnection) -> bool:
    """Whether a page of ours sent the request, as the browser says (the token says it too)."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    said, public = urlsplit(origin), urlsplit(connection.app.state.settings.public_url)
    if public.scheme == "https" and said.scheme != "https":
        return False
    return said.netloc in {public.netloc, connection.headers.get("host")}


def browser_secret(connection: AnyConnection) -> str:
    """What this browser alone knows, before it has a session (given with the answer if need be)."""
    return _form_secret(connection)


def new_form_cookie(scope_state: dict[str, Any], connection: AnyConnection) -> Cookie | None:
    """The cookie that this answer must set, if a token was made for a browser that had none."""
    made = scope_state.get(_FORM_SECRET)
    return _cookie(connection, "nop_form", made, "lax") if made else None


def _form_secret(connection: AnyConnection) -> str:
    if known := connection.cookies.get(_name(connection, "nop_form")):
        return known
    state = connection.scope["state"]
    if _FORM_SECRET not in state:
        state[_FORM_SECRET] = secrets.token_urlsafe(32)
    return str(state[_FORM_SECRET])


def _token(secret: str, salt: str) -> str:
    return salt + hmac.new(secret.encode(), b"nop form " + salt.encode(), sha256).hexdigest()


def _is_https(connection: AnyConnection) -> bool:
    return bool(connection.app.state.settings.public_url.startswith("https:"))


def _name(connection: AnyConnection, name: str) -> str:
    # `__Host-`: no other host of the domain can have set it. Browsers take it by https only.
    return f"__Host-{name}" if _is_https(connection) else name


def _cookie(
    connection: AnyConnection,
    name: str,
    value: str,
    same_site: Literal["lax", "strict"],
    max_age: int | None = None,
) -> Cookie:
    return Cookie(
        key=_name(connection, name),
        value=value,
        path="/",
        httponly=True,
        secure=_is_https(connection),
        samesite=same_site,
        max_age=max_age,
    )
