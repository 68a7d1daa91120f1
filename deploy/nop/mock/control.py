"""`/faults`: see and switch the faults while the mock runs, as JSON or by hand in a browser."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from nop.mock.answers import CLIENT_ERROR, INVALID, Answer, Request
from nop.mock.faults import FAULTS, Fault
from nop.mock.switches import Switches
from nop_registry.errors import InvalidInput

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ALLOWED = (("allow", "GET, PUT, POST"),)


def control(request: Request, switches: Switches) -> Answer:
    """GET: what there is and what is on. PUT `{"on": ["busy=3"]}`: exactly these, from now on."""
    if urlsplit(f"//{request.headers.get('host', '')}").hostname not in _LOOPBACK:
        # A page elsewhere whose name was pointed at this machine must not switch anything.
        return Answer(http=403, code=CLIENT_ERROR, message="only from this machine")
    match request.method:
        case "GET" if "text/html" in request.headers.get("accept", ""):
            return Answer(raw=_page(switches).encode(), content_type="text/html; charset=utf-8")
        case "GET":
            return Answer(state(switches))
        case "PUT":
            return _put(request, switches)
        case "POST":
            return _submit(request, switches)
    return Answer(http=405, code=CLIENT_ERROR, headers=_ALLOWED)


def state(switches: Switches) -> dict[str, Any]:
    """Every fault, and those that are on."""
    return {"on": switches.names, "faults": [describe(fault) for fault in FAULTS.values()]}


def describe(fault: Fault) -> dict[str, Any]:
    """A fault as JSON."""
    return {name: value for name, value in fault._asdict().items() if value is not None}


def _put(request: Request, switches: Switches) -> Answer:
    try:
        wanted = msgspec.json.decode(request.body, type=dict[str, Any]).get("on")
        if not isinstance(wanted, list):
            raise InvalidInput('send {"on": ["name", "name=3"]}')
        switches.set(map(str, wanted))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Answer(http=400, code=INVALID, message='send {"on": ["name", "name=3"]}')
    except InvalidInput as error:
        return Answer(http=400, code=INVALID, message=str(error))
    return Answer({"on": switches.names})


def _submit(request: Request, switches: Switches) -> Answer:
    """The form of the page. Browsers say where it was: elsewhere it is refused."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return Answer(http=403, code=CLIENT_ERROR, message="only from the mock's own page")
    switches.set(parse_qs(request.body.decode("latin-1")).get("on", []))
    return Answer(http=303, headers=(("location", "/faults"),))


def _page(switches: Switches) -> str:
    rows = "".join(
        f"<tr><td><label><input type=checkbox name=on value='{escape(fault.name)}'"
        f"{' checked' if fault.name in switches else ''}> {escape(fault.name)}</label>"
        f"<td>{escape(fault.says)}<td>{escape(', '.join(fault.rules))}"
        for fault in FAULTS.values()
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Mock CPO (simulated)</title>"
        "<h1>Mock CPO (simulated): faults</h1><form method=post action=/faults>"
        f"<p><button>Switch exactly these on</button></p><table>{rows}</table></form></html>"
    )
