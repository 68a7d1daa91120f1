"""`nop source check`: the conformance probe for a data officer, and the same report as JSON."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nop import cluster
from nop.output import Json, console, errors, print_json
from nop.secret import read_secret
from nop_ingest.agreement import find_agreement
from nop_ingest.ocpi.probe.delivery import Delivery
from nop_ingest.ocpi.probe.run import TIME_S, ProbeReport, probe
from nop_ingest.ocpi.probe.verdicts import Outcome, Verdict
from nop_ingest.ocpi.quirks import QUIRKS, parse_quirk
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.enums import Severity
from nop_registry.errors import InvalidInput
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import sources


class Target(msgspec.Struct):
    """Whom to probe, and how."""

    versions_url: str | None
    module_urls: dict[str, str]
    token: str | None
    allow_loopback: bool
    quirks: dict[str, Any]
    """What a person has set."""

    def __repr__(self) -> str:
        return f"Target({self.versions_url!r})"  # never the token


def check(
    target: Annotated[
        str, typer.Argument(help="The operator's OCPI versions URL, or the name of a source.")
    ],
    token: Annotated[
        str | None,
        typer.Option(
            envvar="NOP_SOURCE_TOKEN",
            help="The token the operator gave us (for a URL), `-` to type it.",
        ),
    ] = None,
    allow_loopback: Annotated[
        bool, typer.Option("--allow-loopback", help="A test peer on this machine (for a URL).")
    ] = False,
    quirk: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE as `nop source quirks` has them, such as version=2.1.1."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Ask nothing more after so many.", min=5, max=600)
    ] = TIME_S,
    requests: Annotated[
        bool, typer.Option("--requests", help="List every request that was made.")
    ] = False,
    json: Json = False,
) -> None:
    """Hold an operator's server against OCPI in under a minute, writing nothing anywhere.

    Exit code 1 when a check failed.
    """
    settings = settings_module.load()
    token = read_secret(token, "token")
    if "://" in target:
        found = Target(target, {}, token, allow_loopback, {})
    elif token or allow_loopback:
        raise InvalidInput(
            f"{target!r} has no https:// before it, so it is taken for the name of a source; "
            "--token and --allow-loopback are for a URL, since a source has its own"
        )
    else:
        found = _registered(target, settings)
    found.quirks |= dict(map(parse_quirk, quirk or []))
    with errors.status("asking for versions") as status:
        report = probe(
            found.versions_url,
            found.token,
            country=settings.country,
            module_urls=found.module_urls,
            allow_loopback=found.allow_loopback,
            quirks=found.quirks,
            time_s=seconds,
            progress=status.update,
        )
    if json:
        print_json(report)
    else:
        show(report, console, requests=requests)
    if report.count(Outcome.FAIL):
        raise typer.Exit(1)


def _registered(name: str, settings: Settings) -> Target:
    with connect(cluster.ensure(settings)) as connection:
        source = sources.get_source(connection, name)
        if source.versions_url is None and not source.module_urls:
            raise InvalidInput(
                f"{name} delivers files; check one with `nop upload FILE --source {name}`"
            )
        agreement = find_agreement(connection, source, settings.country)
    known = agreement.quirks(source.quirks)
    if agreement.owner:
        known["party"] = "*".join(agreement.owner)
    return Target(
        source.versions_url,
        dict(source.module_urls),
        source.token(load_key(settings)),
        source.allow_loopback,
        {n: value for n, value in known.items() if n in QUIRKS and not QUIRKS[n].found},
    )


_SIGNS = {
    Outcome.PASS: "[green]✓[/]",
    Outcome.WARN: "[yellow]![/]",
    Outcome.FAIL: "[bold red]✕[/]",
    Outcome.SKIP: "[dim]–[/]",
}


def show(report: ProbeReport, to: Console, *, requests: bool = False) -> None:
    """Print a report for people."""
    version = f"OCPI {report.version}" if report.version else "no version was spoken"
    offered = f" (offered: {', '.join(report.offered)})" if len(report.offered) > 1 else ""
    to.print(f"[bold]{escape(report.url)}[/] · {escape(version + offered)}")
    to.print(f"{len(report.exchanges)} requests in {report.seconds:g} s")
    area = ""
    for verdict in report.verdicts:
        if verdict.area != area and not _is_unreached(verdict, report):
            area = verdict.area
            to.print(f"\n[bold]{area}[/]")
        if not _is_unreached(verdict, report):
            _show_verdict(verdict, to)
    unreached = [verdict for verdict in report.verdicts if _is_unreached(verdict, report)]
    if unreached:
        names = ", ".join(verdict.check for verdict in unreached)
        to.print(f"\n[dim]–[/] not looked at ({escape(str(report.why_ended))}): {names}")
    if report.deliveries:
        _show_deliveries(report.deliveries, to)
    if requests:
        _show_requests(report, to)
    counts = " · ".join(
        f"{report.count(outcome)} {word}"
        for outcome, word in (
            (Outcome.PASS, "pass"),
            (Outcome.WARN, "warn"),
            (Outcome.FAIL, "fail"),
            (Outcome.SKIP, "not looked at"),
        )
    )
    to.print(f"\n{counts}")


def _is_unreached(verdict: Verdict, report: ProbeReport) -> bool:
    return verdict.outcome is Outcome.SKIP and verdict.found == [report.why_ended]


def _show_verdict(verdict: Verdict, to: Console) -> None:
    found = escape("; ".join(verdict.found))
    sign, rules = _SIGNS[verdict.outcome], ", ".join(verdict.rules)
    if verdict.outcome in (Outcome.PASS, Outcome.SKIP):
        to.print(f" {sign} {verdict.title}: {found} [dim]{rules}[/]", highlight=False)
        return
    to.print(f" {sign} [bold]{verdict.title}[/] [dim]{verdict.check} · {rules}[/]", highlight=False)
    for sentence in verdict.found:
        to.print(f"     {escape(sentence)}", highlight=False)
    in_delivery = verdict.check in ("locations", "tariffs")
    for sentence in ("see the delivery below",) if in_delivery else verdict.mend:
        to.print(f"     → {escape(sentence)}", highlight=False)


def _show_deliveries(deliveries: list[Delivery], to: Console) -> None:
    to.print("\n[bold]A delivery, if this were a pull[/] (nothing was stored)")
    table = Table("", *(delivery.module for delivery in deliveries))
    rows = ("objects", "accepted", "flagged", "rejected", "evses", "evses_rejected")
    words = ("read", "taken without remark", "taken with a remark", "not taken", "EVSEs taken",
             "EVSEs not taken")  # fmt: skip
    for name, word in zip(rows, words, strict=True):
        table.add_row(word, *(f"{getattr(delivery, name):,}" for delivery in deliveries))
    table.add_row("whole list read", *("yes" if d.complete else "no" for d in deliveries))
    to.print(table)
    for delivery in deliveries:
        if delivery.codes:
            to.print(f"[bold]{delivery.module}[/]")
        for code in delivery.codes:
            sign = {Severity.ERROR: "✕", Severity.WARNING: "!"}.get(code.severity, "i")
            place = escape(" ".join(filter(None, (code.object, code.path))))
            to.print(f" {sign} [bold]{code.code}[/] {code.count:,} × {escape(code.message)}"
                     f" [dim](first: {place})[/]", highlight=False)  # fmt: skip


def _show_requests(report: ProbeReport, to: Console) -> None:
    to.print("\n[bold]Requests[/] (token: how it was sent)")
    for exchange in report.exchanges:
        status = "no answer" if exchange.status is None else f"HTTP {exchange.status}"
        to.print(
            f" {status} · {exchange.seconds * 1000:,.0f} ms · {exchange.bytes:,} B ·"
            f" token {exchange.spelling} · GET {escape(exchange.url)} {escape(exchange.note)}",
            highlight=False,
        )
