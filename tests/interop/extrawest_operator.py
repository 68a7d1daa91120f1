"""An operator made with the PyPI package `extrawest-ocpi`: its OCPI is not ours, its data are.

Run by the package's own environment, never imported by the tests: `python extrawest_operator.py
JOB.json`, with the package's settings as variables. The package brings versions, credentials,
locations, tariffs and push; here are only the store behind them and, under /drive, what a person
would do at the operator's desk.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import Body
from py_ocpi import get_application
from py_ocpi.core.authentication.authenticator import Authenticator
from py_ocpi.core.crud import Crud
from py_ocpi.core.enums import ModuleID, RoleEnum
from py_ocpi.core.utils import encode_string_base64, get_module_model
from py_ocpi.modules.versions.enums import VersionNumber

JOB = json.loads(Path(sys.argv[1]).read_text())
version = VersionNumber(JOB["version"])
OWN_URL = f"http://127.0.0.1:{JOB['port']}/ocpi/versions"
OBJECTS: dict[str, list[dict[str, Any]]] = JOB["objects"]
REGISTRATION_TOKENS: list[str] = JOB["registration_tokens"]
DESK_TOKEN: str = JOB["desk_token"]
PARTNERS: dict[str, dict[str, Any]] = {}
"""By the token that the partner sends: its credentials and its version details."""


class Desk(Authenticator):
    """Whose tokens open the package's doors."""

    @classmethod
    async def get_valid_token_c(cls) -> list[str]:
        return [*PARTNERS, DESK_TOKEN]

    @classmethod
    async def get_valid_token_a(cls) -> list[str]:
        return REGISTRATION_TOKENS


class Store(Crud):
    """The operator's objects and partners."""

    @classmethod
    async def get(cls, module: ModuleID, role: RoleEnum, id: Any, *_: Any, **named: Any) -> Any:
        if module == ModuleID.credentials_and_registration:
            return own_credentials(named["auth_token"]) if named["auth_token"] in PARTNERS else None
        found = (o for o in OBJECTS[module.value] if o["id"].lower() == str(id).lower())
        return next(found, None)

    @classmethod
    async def list(
        cls, module: ModuleID, role: RoleEnum, filters: dict[str, Any], *_: Any, **named: Any
    ) -> tuple[list[dict[str, Any]], int, bool]:
        found = OBJECTS[module.value]
        if filters["date_from"]:
            found = [o for o in found if moment(o["last_updated"]) >= filters["date_from"]]
        end = filters["offset"] + filters["limit"]
        return found[filters["offset"] : end], len(found), end >= len(found)

    @classmethod
    async def create(
        cls, module: ModuleID, role: RoleEnum, data: dict[str, Any], *_: Any, **named: Any
    ) -> Any:
        REGISTRATION_TOKENS.remove(named["auth_token"])
        return accept_partner(data)

    @classmethod
    async def update(
        cls, module: ModuleID, role: RoleEnum, data: dict[str, Any], *_: Any, **named: Any
    ) -> Any:
        del PARTNERS[named["auth_token"]]
        return accept_partner(data)

    @classmethod
    async def delete(cls, module: ModuleID, role: RoleEnum, id: Any, *_: Any, **named: Any) -> None:
        del PARTNERS[named["auth_token"]]

    @classmethod
    async def do(cls, *_: Any, **named: Any) -> None:
        raise NotImplementedError


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def accept_partner(data: dict[str, Any]) -> dict[str, Any]:
    """Keep who registered; our credentials for it, with a new token."""
    token = secrets.token_hex(16)
    PARTNERS[token] = data
    return own_credentials(token)


def own_credentials(token: str) -> dict[str, Any]:
    party = {"country_code": os.environ["COUNTRY_CODE"], "party_id": os.environ["PARTY_ID"]}
    business = {"name": "Extra Power", "website": "https://extra.example"}
    about: dict[str, Any] = {"token": token, "url": OWN_URL}
    if version == VersionNumber.v_2_1_1:
        return about | party | {"business_details": business}
    return about | {"roles": [party | {"role": "CPO", "business_details": business}]}


def model(name: str, module: str) -> Any:
    """The package's class of an OCPI object."""
    return get_module_model(name, module, version.name)


def headers(token: str) -> dict[str, str]:
    spelt = token if version == VersionNumber.v_2_1_1 else encode_string_base64(token)
    return {"Authorization": f"Token {spelt}"}


app = get_application(
    version_numbers=[version],
    roles=[RoleEnum.cpo],
    crud=Store,
    modules=[ModuleID.credentials_and_registration, ModuleID.locations, ModuleID.tariffs],
    authenticator=Desk,
    http_push=True,
)


@app.get("/drive/partners")
async def list_partners() -> dict[str, dict[str, Any]]:
    """Who is registered, by the token they send."""
    return PARTNERS


@app.post("/drive/objects/{module}")
async def replace_objects(module: str, objects: list[dict[str, Any]]) -> None:
    """From now on these are the operator's objects."""
    OBJECTS[module] = objects


@app.post("/drive/register")
async def register(versions_url: str = Body(...), token: str = Body(...)) -> dict[str, Any]:
    """Register with a platform that invited us; it calls us back meanwhile."""
    async with httpx.AsyncClient(headers=headers(token)) as platform:
        versions = (await platform.get(versions_url)).json()["data"]
        url = next(v["url"] for v in versions if v["version"] == version.value)
        details = (await platform.get(url)).json()["data"]
        ends = {end["identifier"]: end["url"] for end in details["endpoints"]}
        key = secrets.token_hex(16)
        PARTNERS[key] = {"endpoints": details}
        ours = model("Credentials", "credentials")(**own_credentials(key))
        answer = await platform.post(ends["credentials"], content=ours.json())
        body = answer.json()
        if body["status_code"] != 1000:
            del PARTNERS[key]
        else:
            theirs = model("Credentials", "credentials")(**body["data"])
            PARTNERS[key]["credentials"] = theirs.dict()
        return {"http": answer.status_code, "status_code": body["status_code"]}


@app.post("/drive/unregister")
async def unregister() -> dict[str, Any]:
    """Leave the platform that we are registered with."""
    ((key, partner),) = PARTNERS.items()
    ends = {end["identifier"]: end["url"] for end in partner["endpoints"]["endpoints"]}
    async with httpx.AsyncClient(headers=headers(partner["credentials"]["token"])) as platform:
        answer = await platform.delete(ends["credentials"])
    del PARTNERS[key]
    return {"http": answer.status_code, "status_code": answer.json()["status_code"]}


@app.post("/drive/read")
async def read_all(
    url: str = Body(...), token: str = Body(...), module: str = Body(...)
) -> list[dict[str, Any]]:
    """Every object of a Sender, as the package's own classes understand it."""
    kind = model({"locations": "Location", "tariffs": "Tariff"}[module], module)
    found: list[dict[str, Any]] = []
    async with httpx.AsyncClient(headers=headers(token)) as platform:
        while url:
            answer = await platform.get(url)
            found += [kind(**one).dict() for one in answer.json()["data"]]
            url = answer.links.get("next", {}).get("url", "")
    return found


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=JOB["port"], log_level="warning")
