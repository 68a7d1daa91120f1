"""The headers every answer carries, set in one place."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), payment=(), usb=(), geolocation=(self)",
}
_YEAR_S = 31_536_000


def content_security_policy(map_style_url: str | None) -> str:
    """What a page may load: this server's own files, and the map style's origin if one is set.

    A foreign map style must serve its tiles, sprites and glyphs from the origin of its own address.
    """
    origin = ""
    if map_style_url and urlsplit(map_style_url).netloc:
        parts = urlsplit(map_style_url)
        origin = f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; "
        f"img-src 'self' data: blob:{origin}; connect-src 'self'{origin}; font-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


async def before_send(message: Message, scope: Scope) -> None:
    """Add the headers to an answer; one that it already carries stays (hook of the application)."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    settings = scope["litestar_app"].state.get("settings")
    if settings and settings.public_url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
    headers.setdefault(
        "Content-Security-Policy",
        content_security_policy(settings.map_style_url if settings else None),
    )
