"""How a page of the portal is made: language, who is signed in, where one can go, forms' tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import psycopg
import structlog
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from markupsafe import Markup
from psycopg_pool import PoolTimeout

from nop_dashboards import figures
from nop_dashboards.portal import language
from nop_dashboards.portal.addresses import page_of
from nop_dashboards.portal.cookies import csrf_token
from nop_dashboards.portal.doorkeeper import CSRF_FIELD, find_principal
from nop_dashboards.portal.language import LANGUAGES, Said, Texts
from nop_dashboards.templating import nation_name, page
from nop_registry.access import Action, OutOfReach, Principal, allows
from nop_registry.errors import AccessDenied, InvalidInput, NopError, NotFound
from nop_registry.store.rates import TooMany
from nop_registry.store.upload_files import WrongState

AnyRequest = Request[Any, Any, Any]

_PLACES: tuple[tuple[str, str, Action], ...] = (
    ("/portal", "nav.sources", Action.READ_SOURCES),
    ("/portal/stations", "nav.stations", Action.READ_SOURCES),
    ("/portal/tariffs", "nav.tariffs", Action.READ_SOURCES),
    ("/portal/findings", "nav.findings", Action.READ_FINDINGS),
    ("/portal/connect", "nav.connect", Action.CONNECT_SOURCE),
    ("/portal/keys", "nav.keys", Action.MANAGE_KEYS),
    ("/portal/team", "nav.team", Action.MANAGE_TEAM),
)
_YEAR_S = 31_536_000
_log = structlog.get_logger(__name__)
_UNAVAILABLE = (psycopg.OperationalError, psycopg.errors.UndefinedTable, PoolTimeout)


def texts(request: AnyRequest) -> Texts:
    """The texts in the language of this request."""
    return Texts(language.choose(request))


async def show(
    request: AnyRequest, template: str, /, *, status: int = 200, **values: Any
) -> Response[Any]:
    """A page for whoever is signed in. Templates find texts in `t` and what one may do in `may`."""
    return _answer(request, await find_principal(request), template, status, values)


def _answer(
    request: AnyRequest,
    principal: Principal | None,
    template: str,
    status: int,
    values: Mapping[str, Any],
) -> Response[Any]:
    answer = page(
        request, f"portal/{template}", status=status, **frame(request, principal), **values
    )
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        answer.set_cookie(
            Cookie(
                key=language.COOKIE, value=chosen, path="/portal", max_age=_YEAR_S, samesite="lax"
            )
        )
    return answer


def frame(request: AnyRequest, principal: Principal | None) -> dict[str, Any]:
    """What every template of the portal needs."""
    t = texts(request)
    token = csrf_token(request)
    guard = Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)
    may = {action.value: principal is not None and allows(principal, action) for action in Action}
    return {
        "t": t,
        "nation": nation_name(request.app.state.settings.country, t.code),
        "languages": LANGUAGES,
        "in_language": lambda code: _with_query(request, {"lang": code}),
        "with_query": lambda **changes: _with_query(request, changes),
        "principal": principal,
        "places": [(address, label) for address, label, action in _PLACES if may[action.value]],
        "guard": lambda: guard,
        "csrf": token,
        "may": may,
        "grouped": lambda value: figures.grouped(value, request.app.state.settings.country),
        "page_is": request.query_params.get("page"),
    }


def _with_query(request: AnyRequest, changes: Mapping[str, Any]) -> str:
    """This page with another query; a value of None takes the name away."""
    query = {**dict(request.query_params), **changes}
    text = urlencode({name: value for name, value in query.items() if value is not None})
    path = page_of(request)
    return f"{path}?{text}" if text else path


def see(address: str) -> Redirect:
    """After a form: look at that page (a reload then repeats nothing)."""
    return Redirect(address, status_code=303)


def sentence(t: Texts, error: Exception) -> str:
    """An error in the person's language where the tables have it, else as it is."""
    if isinstance(error, Said):
        return t(error.key, **error.values)
    if isinstance(error, TooMany):
        return t("sign_in.too_many", minutes=max(1, round(error.retry_after_s / 60)))
    if isinstance(error, OutOfReach | NotFound):
        return t("problem.no_such_page")
    if isinstance(error, AccessDenied):
        return t("problem.not_allowed")
    if isinstance(error, _UNAVAILABLE):
        return t("problem.unavailable")
    if isinstance(error, psycopg.Error):
        return t("problem.cannot_be_used")
    if isinstance(error, NopError):
        return str(error)
    return t("problem.own_fault")


def _problem(status: int) -> Any:
    def answer(request: AnyRequest, error: Exception) -> Response[Any]:
        # Handlers of errors cannot wait: the guard has asked who it is before.
        principal = request.scope["state"].get("portal_principal")
        said = sentence(texts(request), error)
        told = _answer(request, principal, "problem.html", status, {"sentence": said})
        if status == 503:
            _log.warning("database_unavailable", error=type(error).__name__)
            told.headers["Retry-After"] = "5"
        return told

    return answer


def answer_elsewhere(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """404 and 405 of an address that no route knows, so that nobody asked who is there."""
    said = texts(request)("problem.no_such_page")
    answer = _answer(request, None, "problem.html", error.status_code, {"sentence": said})
    answer.headers.update(error.headers or {})
    return answer


PROBLEMS: dict[int | type[Exception], Any] = {
    TooMany: _problem(429),
    AccessDenied: _problem(403),
    OutOfReach: _problem(404),
    NotFound: _problem(404),
    WrongState: _problem(409),
    InvalidInput: _problem(400),
    NopError: _problem(400),
    **dict.fromkeys(_UNAVAILABLE, _problem(503)),
    psycopg.DataError: _problem(400),  # a text with a NUL, a number beyond any of ours
    500: _problem(500),
}
"""For `exception_handlers` of a route: our own errors as pages."""
