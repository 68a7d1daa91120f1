"""Pages from templates, and the files they load. Every value is escaped."""

from __future__ import annotations

import gettext
import gzip
import mimetypes
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pycountry
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nop_dashboards import words
from nop_dashboards.states import COUNTED, LOOKS, OUTLINE
from nop_registry.access import Action

_HERE = Path(__file__).parent
_FILES = _HERE / "static"
_COMPRESSED = {".js", ".mjs", ".css", ".json", ".svg"}
_YEAR_S = 31_536_000

mimetypes.add_type("text/javascript", ".mjs")


def render(request: Request[Any, Any, Any], template: str, /, **values: Any) -> str:
    """The template's HTML. Every template knows the nation's name and the texts."""
    nation = nation_name(request.app.state.settings.country)
    known = {"nation": nation, "path": request.url.path}
    return _templates().get_template(template).render(known | values)


@cache
def nation_name(country: str, language: str = "en") -> str:
    """A country's usual name (ISO 3166 alpha-2) in a language (ISO 639-1), else in English.

    >>> nation_name("IN"), nation_name("IN", "hi"), nation_name("XX", "hi")
    ('India', 'भारत', 'XX')
    """
    found = pycountry.countries.get(alpha_2=country)
    english = str(getattr(found, "common_name", None) or getattr(found, "name", country))
    names = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [language], fallback=True)
    return names.gettext(english)


def page(
    request: Request[Any, Any, Any], template: str, /, *, status: int = 200, **values: Any
) -> Response[Any]:
    """The template as an answer that no cache keeps: pages show live data."""
    body = render(request, template, **values).encode()
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status_code=status, media_type="text/html", headers=headers)


def safe_link(address: str | None) -> str | None:
    """An operator's link if a browser may follow it: only http and https; else None.

    >>> safe_link("https://example.in/a"), safe_link("javascript:alert(1)")
    ('https://example.in/a', None)
    """
    try:
        parts = urlsplit((address or "").strip())
    except ValueError:
        return None
    return parts.geturl() if parts.scheme in ("http", "https") and parts.netloc else None


class _File(NamedTuple):
    media_type: str
    plain: bytes
    packed: bytes | None
    etag: str


@get("/static/{version:str}/{path:path}", include_in_schema=False, action=Action.READ_PUBLIC)
async def serve_file(
    request: Request[Any, Any, Any], version: FromPath[str], path: FromPath[str]
) -> Response[bytes]:
    """A file of the pages. Only files that were there at the start are served."""
    found = _files().get(path.lstrip("/"))
    if found is None:
        raise NotFoundException(detail="There is no such file.")
    current = version == files_version()
    headers = {
        "ETag": found.etag,
        # The version in the address changes with any file: such an address never goes stale.
        "Cache-Control": f"public, max-age={_YEAR_S}, immutable" if current else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == found.etag:
        return Response(b"", status_code=304, headers=headers)
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, media_type=found.media_type, headers=headers)
    return Response(found.plain, media_type=found.media_type, headers=headers)


@cache
def files_version() -> str:
    """A digest of all files that pages load."""
    digest = blake2b(digest_size=6)
    for name, found in sorted(_files().items()):
        digest.update(f"{name}\0{found.etag}".encode())
    return digest.hexdigest()


@cache
def _files() -> dict[str, _File]:
    paths = (path for path in _FILES.rglob("*") if path.is_file() and path.suffix != ".md")
    return {path.relative_to(_FILES).as_posix(): _read(path) for path in paths}


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(
        media_type,
        plain,
        gzip.compress(plain, 6, mtime=0) if path.suffix in _COMPRESSED else None,
        f'W/"{blake2b(plain, digest_size=8).hexdigest()}"',
    )


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        static=lambda name: f"/static/{files_version()}/{name}",
        t=words.ENGLISH,
        looks=LOOKS,
        counted=COUNTED,
        outline=OUTLINE,
    )
    environment.filters.update(
        safe_link=safe_link,
        json=lambda value: msgspec.json.encode(value).decode(),
        number=words.number,
        power=words.power,
    )
    return environment


ROUTES = [serve_file]
