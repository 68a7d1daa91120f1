"""`nop demo`: the simulated operators of India, served until interrupted."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn

from nop import cluster
from nop.demo.live import LiveOperator
from nop.demo.nation import LOCATIONS
from nop.demo.operators import OPERATORS
from nop.demo.registration import register_sources
from nop.demo.server import DemoServer
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.errors import SettingsError
from nop_registry.sealing import load_key

PORT = 8100
SEED = 2024
_LOOPBACK = "127.0.0.1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    port: Annotated[
        int, typer.Option(envvar="NOP_DEMO_PORT", help="Loopback port.", min=1, max=65535)
    ] = PORT,
    seed: Annotated[int, typer.Option(help="Another seed is another nation.")] = SEED,
    locations: Annotated[int, typer.Option(help="About how many locations.", min=12)] = LOCATIONS,
    add_sources: Annotated[
        bool, typer.Option("--register/--no-register", help="Add them to the registry's sources.")
    ] = True,
    json: Json = False,
) -> None:
    """Serve simulated operators over OCPI 2.2.1 on this machine. Nothing of it is real."""
    base_url = f"http://{_LOOPBACK}:{port}"
    listener = listen(port)
    nation = [LiveOperator(operator, seed=seed, locations=locations) for operator in OPERATORS]
    server = DemoServer(nation, base_url)
    if add_sources:
        settings = settings_module.load()
        with connect(cluster.ensure(settings)) as connection:
            register_sources(connection, OPERATORS, base_url=base_url, key=load_key(settings))
    served = [
        {
            "source": operator.source_name,
            "operator": operator.label,
            "versions_url": server.versions_url(operator.party_id),
            "token": operator.token,
        }
        for operator in OPERATORS
    ]
    if json:
        print_json(served)
    else:
        console.print(f"{len(served)} simulated operators at {base_url} (Ctrl-C stops them)")
    config = uvicorn.Config(server, lifespan="off", log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


def listen(port: int) -> socket.socket:
    """A listening socket on loopback. Raises SettingsError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"the demo nation cannot listen on {_LOOPBACK}:{port} ({error.strerror}):"
            " stop what uses the port, or choose another with NOP_DEMO_PORT"
        ) from None
    listener.listen(128)
    return listener
