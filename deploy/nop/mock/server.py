"""The mock CPO over HTTP: versions, details, credentials, lists, single objects, and `/faults`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from nop.list_query import WrongParameter
from nop.mock.answers import (
    CLIENT_ERROR,
    INVALID,
    SERVER_ERROR,
    UNKNOWN_LOCATION,
    UNSUPPORTED_VERSION,
    Answer,
    Request,
    Send,
    send_answer,
)
from nop.mock.control import control
from nop.mock.credentials import Credentials
from nop.mock.lists import LONGEST_PAGE, Lists
from nop.mock.stations import Stations
from nop.mock.switches import Switches
from nop.mock.tokens import Kind, Tokens

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_LONGEST_BODY = 1 << 20
_ABSENT = Answer(http=404, code=CLIENT_ERROR, message="there is nothing under this address")
_ONLY_GET = Answer(http=405, code=CLIENT_ERROR, message="only GET", headers=(("allow", "GET"),))
_ALL_OFF = Switches()
_INTERNAL = "http://cpo-backend.internal:8080"


class MockCpo:
    """The ASGI application."""

    def __init__(
        self,
        base_url: str,
        *,
        versions: tuple[str, ...],
        seed: int,
        locations: int,
        switches: Switches,
        longest_page: int = LONGEST_PAGE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.versions = tuple(sorted(versions, reverse=True))
        self.switches = switches
        self.clock = clock
        self.stations = Stations(switches, seed=seed, locations=locations)
        self.tokens = Tokens(switches, seed)
        self.versions_url = f"{base_url}/ocpi/versions"
        self.control_url = f"{base_url}/faults"
        self.credentials = Credentials(switches, self.tokens, self.versions_url)
        self._base_url = base_url
        self._lists = Lists(switches, longest_page)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = await _read(scope, receive)
        if request.path in ("/", "/faults"):
            answer, switches = control(request, self.switches), _ALL_OFF
        else:
            answer, switches = await self._answer(request), self.switches
        await send_answer(answer, request, switches, self.clock(), send)

    async def _answer(self, request: Request) -> Answer:
        if refusal := self._slash(request):
            return refusal
        admitted = self.tokens.find(request.headers.get("authorization", ""))
        if admitted is None:
            return self._unknown_token()
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        match parts:
            case ["ocpi", "versions"]:
                return self._versions() if request.method == "GET" else _ONLY_GET
            case ["ocpi", version, *path] if version in self.versions:
                return await self._module(request, version, path, admitted)
            case ["ocpi", version, *_] if version[:1].isdigit():
                return _ABSENT._replace(code=UNSUPPORTED_VERSION)
        return _ABSENT

    async def _module(
        self, request: Request, version: str, path: list[str], admitted: tuple[Kind, str]
    ) -> Answer:
        if path == ["credentials"]:
            return await asyncio.to_thread(self.credentials.answer, request, version, *admitted)
        if request.method != "GET":
            return _ONLY_GET
        if not path:
            return self._details(version)
        if admitted[0] == "invitation":
            return self._unknown_token()  # token A opens versions and credentials only (TR-7)
        match path:
            case [("locations" | "tariffs") as module] if module in self._modules():
                return self._list(request, version, module)
            case ["locations", *ids] if len(ids) <= 3:
                return self._object(version, ids)
        return _ABSENT

    def _slash(self, request: Request) -> Answer | None:
        """VE-7: how a slash at the end of an address is taken; the mock minds none by itself."""
        has_slash = request.path.endswith("/")
        if "slash-missing" in self.switches and has_slash:
            return _ABSENT
        if "slash-redirect" in self.switches and not has_slash and request.method == "GET":
            query = "?" + "&".join(f"{n}={v}" for n, v in request.query.items())
            target = f"{self._base_url}{request.path}/{query if request.query else ''}"
            return Answer(http=307, headers=(("location", target),))
        return None

    def _unknown_token(self) -> Answer:
        if "auth-as-200" in self.switches:
            return Answer([], code=SERVER_ERROR, message="forbidden")
        if "auth-403" in self.switches:
            return Answer(http=403, raw=b'{"detail":"Not authenticated"}')
        return Answer(http=401, code=INVALID, message="unknown token")

    def _versions(self) -> Answer:
        offers = [{"version": v, "url": f"{self._base_url}/ocpi/{v}"} for v in self.versions]
        if "version-dead-url" in self.switches:
            dead = {"version": self.versions[0], "url": f"{self._base_url}/ocpi/gone"}
            offers.insert(0, dead)
        return Answer(offers)

    def _modules(self) -> tuple[str, ...]:
        return ("locations",) if "no-tariffs" in self.switches else ("locations", "tariffs")

    def _details(self, version: str) -> Answer:
        base = f"{self._base_url}/ocpi/{version}"
        if "endpoint-host" in self.switches:
            base = f"{_INTERNAL}/ocpi/{version}"
        elif "endpoint-port" in self.switches:
            base = f"{self._base_url.rpartition(':')[0]}:8443/ocpi/{version}"
        endpoints = []
        for module in ("credentials", *self._modules()):
            entry = {"identifier": module, "url": f"{base}/{module}"}
            if "endpoint-upper-case" in self.switches:
                entry["identifier"] = module.upper()
            if version != "2.1.1" and "endpoint-no-role" not in self.switches:
                entry["role"] = "SENDER"
            endpoints.append(entry)
        return Answer({"version": version, "endpoints": endpoints})

    def _list(self, request: Request, version: str, module: str) -> Answer:
        try:
            asked = self._lists.slice(request.query)
        except WrongParameter as error:
            if "wrong-limit-500" in self.switches and "date" not in str(error):
                return Answer(http=500, raw=b"Internal Server Error", content_type="text/plain")
            return Answer(code=INVALID, message=str(error))
        now = self.clock()
        url = f"{self._base_url}/ocpi/{version}/{module}"
        page, headers = self._lists.page(self.stations.listed(module, now), asked, url)
        documents = [self.stations.write(listed, version, now) for listed in page]
        return Answer(documents, headers=headers, is_page=True)

    def _object(self, version: str, ids: list[str]) -> Answer:
        found = None
        if "no-single-object" not in self.switches:
            found = self.stations.find(version, self.clock(), ids)
        if found is None and "absent-as-200" in self.switches:
            return Answer(None)
        if found is None:
            return Answer(http=404, code=UNKNOWN_LOCATION, message="no such object")
        return Answer([found] if "single-as-list" in self.switches else found)


async def _read(scope: MutableMapping[str, Any], receive: Receive) -> Request:
    headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in scope["headers"]}
    body, more = b"", True
    while more and len(body) <= _LONGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
    return Request(scope["method"], path, query, headers, body)
