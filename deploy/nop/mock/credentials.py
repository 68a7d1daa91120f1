"""The mock's credentials module: platforms register, or it registers with one (CR-10 to CR-35)."""

from __future__ import annotations

from typing import Any

import msgspec

from nop.mock.answers import (
    CLIENT_ERROR,
    INVALID,
    NO_ENDPOINTS,
    UNSUPPORTED_VERSION,
    UNUSABLE_API,
    Answer,
    Request,
)
from nop.mock.platform import Document, NoCommonVersion, Platform, Unusable
from nop.mock.stations import COUNTRY, MOCK
from nop.mock.switches import Switches
from nop.mock.tokens import Kind, Tokens
from nop_registry.errors import NopError

_NOT_NOW = Answer(http=405, code=CLIENT_ERROR, headers=(("allow", "GET"),))


class Credentials:
    """Who is registered, and the handshakes. Its methods block: call them in a thread."""

    def __init__(self, switches: Switches, tokens: Tokens, versions_url: str) -> None:
        self._switches = switches
        self._tokens = tokens
        self._versions_url = versions_url
        self.platform: Platform | None = None
        """The platform that is registered; None: nobody."""

    def document(self, version: str, token: str) -> Document:
        """The mock's Credentials object (CR-1)."""
        party = {
            "country_code": COUNTRY,
            "party_id": MOCK.party_id,
            "business_details": {"name": MOCK.label, "website": "https://mock-charging.example"},
        }
        credentials: Document = {"token": token, "url": self._versions_url}
        if version == "2.1.1":
            return credentials | party
        if "credentials-no-roles" in self._switches:
            return credentials
        return credentials | {"roles": [{"role": "CPO"} | party]}

    def answer(self, request: Request, version: str, kind: Kind, token: str) -> Answer:
        """GET, POST, PUT and DELETE of credentials by a platform that came with `token`."""
        registered = kind != "invitation"
        match request.method:
            case "GET":
                return self._say(version, token)
            case "POST" if registered and "registered-401" in self._switches:
                return Answer(http=401, code=INVALID, message="already registered")
            case "POST" if not registered:
                return self._register(request, version, token)
            case "PUT" if kind == "registered":
                return self._register(request, version, token)
            case "DELETE" if kind == "registered":
                self._tokens.renew(token, None)
                self.close()
                return Answer()
        state = "already" if registered else "not yet"
        return _NOT_NOW._replace(message=f"{request.method}: you are {state} registered")

    def register_with(self, versions_url: str, token_a: str, versions: tuple[str, ...]) -> Platform:
        """Register with a platform; returns it with the token that it gave us.

        Token B works before the POST: the platform calls back while it is open (CR-20). Raises
        Unusable or an OcpiError.
        """
        platform = Platform(versions_url, token_a)
        try:
            self._enter(platform, versions)
        except NopError:
            platform.close()
            raise
        self.close()
        self.platform = platform
        return platform

    def _enter(self, platform: Platform, versions: tuple[str, ...]) -> None:
        platform.discover(versions)
        assert platform.version is not None  # noqa: S101 - discovered
        token_b = self._tokens.new()
        self._tokens.admit(token_b)
        url = platform.endpoint("credentials", "SENDER")
        http, code, data = platform.send("POST", url, self.document(platform.version, token_b))
        data = data[0] if isinstance(data, list) and len(data) == 1 else data
        if http not in (200, 201) or not 1000 <= code < 2000 or not isinstance(data, dict):
            self._tokens.withdraw(token_b)
            raise Unusable(
                f"the platform refused the registration: HTTP {http}, OCPI status {code}"
            )
        platform.use_token(str(data.get("token")))

    def _say(self, version: str, token: str, http: int = 200) -> Answer:
        document: Any = self.document(version, token)
        if "credentials-as-list" in self._switches:
            document = [document]
        return Answer(document, http=http)

    def _register(self, request: Request, version: str, token: str) -> Answer:
        try:
            theirs = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Answer(http=400, code=INVALID, message="the body is not JSON")
        wanted = ("token", "url", "party_id" if version == "2.1.1" else "roles")
        lacking = [n for n in wanted if not isinstance(theirs, dict) or not theirs.get(n)]
        if lacking:
            return Answer(code=INVALID, message=f"the credentials lack {', '.join(lacking)}")
        platform = Platform(str(theirs["url"]), str(theirs["token"]))
        platform.version = version  # of the credentials endpoint that was called (CR-10)
        if "no-call-back" not in self._switches and (refusal := _call_back(platform, version)):
            platform.close()
            return refusal
        new = self._tokens.new()
        self._tokens.renew(token, new)
        self.close()
        self.platform = platform
        return self._say(version, new, 201 if "credentials-201" in self._switches else 200)

    def close(self) -> None:
        """Nobody is registered any more; the connection to who was is closed."""
        if self.platform is not None:
            self.platform.close()
        self.platform = None


def _call_back(platform: Platform, version: str) -> Answer | None:
    """Read the platform's versions and details during its POST; what to refuse it with (CR-10)."""
    try:
        platform.discover((version,))
    except NoCommonVersion as error:
        return Answer(code=UNSUPPORTED_VERSION, message=str(error))
    except NopError as error:
        return Answer(code=UNUSABLE_API, message=str(error))
    if not platform.endpoints:
        return Answer(code=NO_ENDPOINTS, message="the platform's details list no endpoints")
    return None
