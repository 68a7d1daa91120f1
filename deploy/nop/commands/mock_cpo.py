"""`nop mock-cpo`: a CPO that does not exist, for developers, served until interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
import uvicorn
from rich.table import Table

from nop.commands.demo import SEED, listen
from nop.mock.control import describe
from nop.mock.faults import ALL, FAULTS
from nop.mock.lists import LONGEST_PAGE
from nop.mock.platform import Platform
from nop.mock.pushing import Pusher
from nop.mock.server import MockCpo
from nop.mock.switches import Switches
from nop.mock.tokens import INVITATION, STATIC_TOKEN
from nop.output import Json, console, errors, print_json
from nop_registry.errors import InvalidInput, NopError

PORT = 8200
_LOOK_S = 0.5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("mock-cpo")(mock_cpo)


def mock_cpo(
    port: Annotated[
        int, typer.Option(envvar="NOP_MOCK_PORT", help="Loopback port.", min=1, max=65535)
    ] = PORT,
    versions: Annotated[str, typer.Option(help="OCPI versions, with commas.")] = ",".join(ALL),
    locations: Annotated[int, typer.Option(help="How many locations.", min=1, max=100_000)] = 100,
    page: Annotated[int, typer.Option(help="The most objects of a page.", min=1)] = LONGEST_PAGE,
    fault: Annotated[
        list[str] | None, typer.Option(help="A fault to switch on, NAME or NAME=NUMBER; repeat it.")
    ] = None,
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="Say what can be switched on, and end.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed is another operator.")] = SEED,
    register_with: Annotated[
        str | None,
        typer.Option("--register", help="Versions URL of a platform to register with (--token A)."),
    ] = None,
    push: Annotated[
        str | None, typer.Option(help="Versions URL of a platform to push to (--token).")
    ] = None,
    token: Annotated[
        str, typer.Option(envvar="NOP_MOCK_TOKEN", help="Token of the platform.")
    ] = "",
    rate: Annotated[float, typer.Option(help="Status pushes a second.", min=0.01, max=500)] = 1.0,
    json: Json = False,
) -> None:
    """Serve a simulated CPO over OCPI 2.1.1, 2.2.1 and 2.3.0 on this machine, with faults.

    GET and PUT http://127.0.0.1:PORT/faults shows and switches them while it runs.
    """
    if list_faults:
        _list_faults(json)
        return
    spoken = tuple(dict.fromkeys(version.strip() for version in versions.split(",")))
    if not set(spoken) <= set(ALL):
        raise InvalidInput(f"--versions takes {', '.join(ALL)}, not {versions!r}")
    if (register_with or push) and not token:
        raise InvalidInput("give the platform's token with --token or NOP_MOCK_TOKEN")
    if register_with and push:
        raise InvalidInput("give --register or --push: a registered platform is pushed to anyway")
    base_url = f"http://127.0.0.1:{port}"
    switches = Switches(fault or ())
    listener = listen(port)
    mock = MockCpo(
        base_url,
        versions=spoken,
        seed=seed,
        locations=locations,
        switches=switches,
        longest_page=page,
    )
    _announce(mock, json=json)
    asyncio.run(_serve(mock, listener, _follow(mock, register_with, push, token, rate)))


async def _serve(
    mock: MockCpo, listener: socket.socket, following: Coroutine[Any, Any, None]
) -> None:
    """Serve until interrupted, with the other task beside it."""
    config = uvicorn.Config(mock, lifespan="off", log_level="critical", access_log=False)
    beside = asyncio.create_task(following)
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        beside.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beside
        mock.credentials.close()


async def _follow(
    mock: MockCpo, register_with: str | None, push: str | None, token: str, rate: float
) -> None:
    """Register if asked, then push to whoever is the mock's platform, as long as it is."""
    try:
        if push:
            mock.credentials.platform = await asyncio.to_thread(
                _discovered, push, token, mock.versions
            )
        elif register_with:
            enter = mock.credentials.register_with
            platform = await asyncio.to_thread(enter, register_with, token, mock.versions)
            errors.print(f"registered with {register_with} in OCPI {platform.version}")
    except NopError as error:
        errors.print(f"[bold red]{register_with or push}:[/] {error}")
    while True:
        if (platform_now := mock.credentials.platform) is None:
            await asyncio.sleep(_LOOK_S)
            continue
        await _push_to(mock, platform_now, rate)


async def _push_to(mock: MockCpo, platform: Platform, rate: float) -> None:
    """Push until another platform, or none, is registered; say how it goes."""
    pusher = Pusher(mock, platform, per_second=rate)
    pushing = asyncio.create_task(pusher.run())
    told: dict[str, int] = {}
    try:
        while mock.credentials.platform is platform:
            await asyncio.sleep(_LOOK_S)
            if set(pusher.sent) != set(told):  # a new kind of answer: worth a line
                told = dict(pusher.sent)
                errors.print(" · ".join(f"{what}: {count}" for what, count in told.items()))
                if "failed" in told and pusher.last_error:
                    errors.print(f"push failed: {pusher.last_error}")
    finally:
        pushing.cancel()


def _discovered(url: str, token: str, versions: tuple[str, ...]) -> Platform:
    platform = Platform(url, token)
    platform.discover(versions)
    return platform


def _announce(mock: MockCpo, *, json: bool) -> None:
    on = mock.switches.names
    if json:
        print_json(
            {
                "versions_url": mock.versions_url,
                "versions": mock.versions,
                "token": STATIC_TOKEN,
                "token_a": INVITATION,
                "faults": on,
            }
        )
        return
    console.print(f"Mock CPO (simulated) at {mock.versions_url}, OCPI {', '.join(mock.versions)}")
    console.print(f"Token without a handshake: {STATIC_TOKEN} · token A for one: {INVITATION}")
    console.print(f"Faults on: {', '.join(on) or 'none'} · switch them at {mock.control_url}")


def _list_faults(json: bool) -> None:
    if json:
        print_json([describe(fault) for fault in FAULTS.values()])
        return
    table = Table("fault", "what the mock then does", "rules", "seen by nop source check")
    for fault in FAULTS.values():
        name = fault.name if fault.number is None else f"{fault.name}={fault.number:g}"
        seen = " ".join(filter(None, (fault.check, fault.finding)))
        table.add_row(name, fault.says, ", ".join(fault.rules), seen or "no")
    console.print(table)
