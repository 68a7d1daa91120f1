"""`nop peer`: the OCPI parties that we exchange data with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop.secret import read_secret
from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.credentials_object import OurParty, our_party
from nop_ingest.ocpi.handshake import Outcome
from nop_ingest.ocpi.onboarding import Terms, agree_by_hand, find_or_add_peer, invite, parties_of
from nop_ingest.ocpi.transcript import Step, as_text
from nop_registry import settings as settings_module
from nop_registry.consumers import parse_scope
from nop_registry.database import Connection, connect
from nop_registry.errors import InvalidInput
from nop_registry.sealing import load_key
from nop_registry.store import handshakes, peer_parties, peers
from nop_registry.store.peers import Peer

Name = Annotated[str, typer.Argument(help="Lower-case name of the connection.")]
Purpose = Annotated[
    Literal["supplier", "consumer", "both"],
    typer.Option(help="Does it deliver to us, read us, or both?"),
]
Parties = Annotated[
    list[str] | None,
    typer.Option("--parties", help="Whose objects it may deliver: IN-ABC,IN-DEF."),
]
Hub = Annotated[
    bool | None, typer.Option("--hub/--no-hub", help="A hub, which speaks for many parties.")
]
Loopback = Annotated[
    bool | None,
    typer.Option("--allow-loopback/--no-allow-loopback", help="A test peer on this machine."),
]
Role = Annotated[
    Literal["NAP", "EMSP", "NSP", "OTHER"] | None,
    typer.Option(help="What we call ourselves to it; NAP if never said."),
]
Scope = Annotated[
    str | None, typer.Option(help='What a consumer may read, such as {"countries":["IN"]}.')
]
Rate = Annotated[
    int | None,
    typer.Option(help="Requests a minute that a consumer may send; 600 if never said.", min=1),
]
Deferred = Annotated[
    bool | None,
    typer.Option(
        "--deferred-callback/--no-deferred-callback",
        help="Its server cannot answer us while it registers.",
    ),
]
Simulated = Annotated[
    bool, typer.Option("--simulated", help="Label everything of it as simulated.")
]
Version = Annotated[str | None, typer.Option("--version", help="Insist on 2.1.1, 2.2.1 or 2.3.0.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="OCPI connections: invite, register, rotate, end, look.", no_args_is_help=True
    )
    group.command("invite")(invite_)
    group.command("register")(register_)
    group.command("static")(static)
    group.command("rotate")(rotate)
    group.command("unregister")(unregister)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("approve")(approve)
    group.command("withdraw")(withdraw)
    group.command("transcript")(transcript)
    app.add_typer(group, name="peer")


@contextmanager
def _opened() -> Iterator[tuple[Connection, OurParty, bytes, str]]:
    """The registry, who we are, the key that seals tokens, and our country."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        yield connection, our_party(settings), load_key(settings), settings.country


def _terms(
    country: str,
    purpose: Literal["supplier", "consumer", "both"],
    parties: list[str] | None,
    scope: str | None,
    **more: Any,
) -> Terms:
    try:
        read = msgspec.json.decode(scope or "{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InvalidInput(f"--scope must be a JSON object: {error}") from None
    parse_scope(read)
    given = None if scope is None else read
    agreed = parties_of(parties or [])
    country = agreed[0][0] if agreed else country
    return Terms(purpose=purpose, parties=agreed, country=country, scope=given, **more)


def invite_(
    name: Name,
    parties: Parties = None,
    purpose: Purpose = "supplier",
    hub: Hub = None,
    role: Role = None,
    scope: Scope = None,
    requests_per_minute: Rate = None,
    allow_loopback: Loopback = None,
    simulated: Simulated = False,
    deferred_callback: Deferred = None,
    expires_days: Annotated[int, typer.Option(help="Days that token A lives.", min=1)] = 30,
    json: Json = False,
) -> None:
    """Make a registration token. It is shown now and never again; repeat to make another."""
    with _opened() as (connection, us, _, country):
        terms = _terms(
            country, purpose, parties, scope, is_hub=hub, our_role=role,
            allow_loopback=allow_loopback, simulated=simulated,
            deferred_callback=deferred_callback, requests_per_minute=requests_per_minute,
        )  # fmt: skip
        peer = find_or_add_peer(connection, name, terms)
        token, expires_at = invite(connection, peer, expires_in=timedelta(days=expires_days))
    if json:
        print_json(
            {"name": name, "token": token, "versions_url": us.versions_url,
             "expires_at": expires_at}
        )  # fmt: skip
        return
    console.print(f"Give these to the operator of [bold]{name}[/]; the token is shown only now:")
    print(f"versions URL: {us.versions_url}\ntoken A:      {token}")
    console.print(f"The token ends on {expires_at:%Y-%m-%d}, or when it is used.")


def register_(
    name: Name,
    versions_url: Annotated[str, typer.Argument(help="The operator's versions URL.")],
    token: Annotated[
        str | None,
        typer.Option(help="Token A from the operator, `-` to type it; leave out to try again."),
    ] = None,
    parties: Parties = None,
    purpose: Purpose = "supplier",
    hub: Hub = None,
    role: Role = None,
    version: Version = None,
    allow_loopback: Loopback = None,
    simulated: Simulated = False,
    json: Json = False,
) -> None:
    """Register with an operator that invited us. Its first pull starts with the worker's beat."""
    token = read_secret(token, "token A")
    with _opened() as (connection, us, key, country):
        terms = _terms(
            country, purpose, parties, None, is_hub=hub, our_role=role,
            allow_loopback=allow_loopback, simulated=simulated,
        )  # fmt: skip
        peer = find_or_add_peer(connection, name, terms)
        connection.commit()
        outcome = handshake.register(
            connection, peer, versions_url=versions_url, token=token, us=us, key=key,
            version=version,
        )  # fmt: skip
    _print_outcome(outcome, f"registered with {name}", json)


def static(
    name: Name,
    token_they_send: Annotated[
        str | None,
        typer.Option(help="The token they send, `-` to type it; leave out to make one."),
    ] = None,
    token_we_send: Annotated[
        str | None, typer.Option(help="The token we send, `-` to type it.")
    ] = None,
    versions_url: Annotated[str | None, typer.Option(help="Theirs, if we pull.")] = None,
    parties: Parties = None,
    purpose: Purpose = "supplier",
    hub: Hub = None,
    scope: Scope = None,
    requests_per_minute: Rate = None,
    allow_loopback: Loopback = None,
    simulated: Simulated = False,
    json: Json = False,
) -> None:
    """A connection whose tokens were agreed by hand, without a handshake."""
    token_they_send = read_secret(token_they_send, "the token they send")
    token_we_send = read_secret(token_we_send, "the token we send")
    with _opened() as (connection, us, key, country):
        terms = _terms(
            country, purpose, parties, scope, is_hub=hub, allow_loopback=allow_loopback,
            simulated=simulated, requests_per_minute=requests_per_minute,
        )  # fmt: skip
        peer = find_or_add_peer(connection, name, terms)
        made = agree_by_hand(
            connection, peer, they_send=token_they_send, we_send=token_we_send,
            versions_url=versions_url, key=key,
        )  # fmt: skip
    if json:
        print_json({"name": name, "token": made, "versions_url": us.versions_url})
        return
    console.print(f"Connection [bold]{name}[/] is ready. Our versions URL: {us.versions_url}")
    if made:
        console.print("The token that they send, shown only now:")
        print(made)


def rotate(name: Name, version: Version = None, json: Json = False) -> None:
    """Renew both tokens now; with --version, change the OCPI version."""
    with _opened() as (connection, us, key, _):
        peer = _peer(connection, name)
        outcome = handshake.rotate(connection, peer, us=us, key=key, version=version)
    _print_outcome(outcome, f"renewed the tokens of {name}", json)


def unregister(name: Name, json: Json = False) -> None:
    """End the connection. What it delivered stays, marked as disconnected."""
    with _opened() as (connection, _, key, _):
        outcome = handshake.unregister(connection, _peer(connection, name), key=key)
    _print_outcome(outcome, f"ended the connection with {name}", json)


def list_(json: Json = False) -> None:
    """All connections."""
    with _opened() as (connection, *_):
        found = peers.list_peers(connection)
    if json:
        print_json([_public(peer) for peer in found])
        return
    table = Table("connection", "purpose", "state", "OCPI", "hub")
    table.add_column("their versions URL", overflow="fold")
    for peer in found:
        table.add_row(
            peer.name, peer.purpose, peer.state, peer.version or "", "yes" if peer.is_hub else "",
            escape(peer.versions_url or ""),
        )  # fmt: skip
    console.print(table)


def show(name: Name, json: Json = False) -> None:
    """One connection: its modules, its parties, and who waits for approval."""
    with _opened() as (connection, *_):
        peer = peers.get_peer(connection, name)
        parties = peer_parties.list_parties(connection, peer)
    if json:
        print_json(_public(peer) | {"parties": [msgspec.to_builtins(p) for p in parties]})
        return
    for label, value in _public(peer).items():
        if not isinstance(value, list):
            console.print(f"{label}: {escape(str(value))}")
    table = Table("party", "state", "role", "name", "hub says", "refused objects")
    for party in parties:
        table.add_row(
            f"{party.country_code}*{party.party_id}", party.state, escape(party.role or ""),
            escape(party.name or ""), party.connection or "", f"{party.seen_objects:,}",
        )  # fmt: skip
    console.print(table)


def approve(
    name: Name,
    party: Annotated[str, typer.Argument(help="A party in quarantine, such as IN-ABC.")],
    json: Json = False,
) -> None:
    """Let a party's objects in from now on."""
    named = peer_parties.parse_party(party)
    with _opened() as (connection, *_):
        peer_parties.approve(connection, peers.get_peer(connection, name), named)
    if json:
        print_json({"name": name, "approved": "*".join(named)})
    else:
        console.print(f"{'*'.join(named)} may be delivered by [bold]{name}[/] from now on.")


def withdraw(
    name: Name,
    party: Annotated[str, typer.Argument(help="A party that was agreed on, such as IN-ABC.")],
    json: Json = False,
) -> None:
    """Refuse a party's objects from now on, back in quarantine. What it delivered stays."""
    named = peer_parties.parse_party(party)
    with _opened() as (connection, *_):
        peer_parties.withdraw(connection, peers.get_peer(connection, name), named)
    if json:
        print_json({"name": name, "withdrawn": "*".join(named)})
    else:
        console.print(f"{'*'.join(named)} may not be delivered by [bold]{name}[/] any more.")


def transcript(name: Name, json: Json = False) -> None:
    """What was said in the handshakes with a peer, its tokens masked, and our verdict."""
    with _opened() as (connection, *_):
        kept = handshakes.list_steps(connection, peers.get_peer(connection, name))
    steps = sorted((msgspec.convert(k.step, Step) for k in kept), key=lambda step: step.at)
    if json:
        print_json(steps)
        return
    for step in steps:
        print(as_text(step) + "\n")


def _peer(connection: Connection, name: str) -> Peer:
    peer = peers.get_peer(connection, name)
    connection.commit()  # a handshake commits by itself
    return peer


def _public(peer: Peer) -> dict[str, Any]:
    """Everything but the sealed token."""
    shown = {name: getattr(peer, name) for name in peer.__struct_fields__}
    return {name: value for name, value in shown.items() if name not in ("id", "token_sealed")}


def _print_outcome(outcome: Outcome, done: str, json: bool) -> None:
    if json:
        print_json(outcome)
        return
    version = f" in OCPI {outcome.version}" if outcome.version else ""
    console.print(f"We have {done}{version}.")
    for warning in outcome.warnings:
        console.print(f"  ! {escape(warning)}")
    for party in outcome.quarantined:
        console.print(
            f"  {party} was not agreed on; let it in with: "
            f"nop peer approve {outcome.peer} {party.replace('*', '-')}"
        )
