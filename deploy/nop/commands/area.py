"""`nop area`: official outlines of states and districts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from nop import cluster
from nop.output import Json, console, print_json
from nop_registry import settings as settings_module
from nop_registry.database import connect
from nop_registry.store import areas


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Outlines of states and districts: load, list.", no_args_is_help=True)
    group.command("load")(load)
    group.command("list")(list_)
    app.add_typer(group, name="area")


def load(
    file: Annotated[Path, typer.Argument(help="GeoJSON or TopoJSON in WGS 84; may end in .gz.")],
    level: Annotated[int, typer.Option(help="1: states; 2: districts.", min=1, max=2)],
    origin: Annotated[str, typer.Option(help="Data set and licence, shown on the pages.")],
    country: Annotated[
        str | None, typer.Option(help="ISO 3166 alpha-2; default: NOP_COUNTRY.")
    ] = None,
    code_property: Annotated[
        str, typer.Option(help="Property that holds an area's code.")
    ] = "code",
    name_property: Annotated[str, typer.Option(help="Property that holds its name.")] = "name",
    layer: Annotated[
        str | None, typer.Option(help="Object of a TopoJSON file that has several.")
    ] = None,
    official: Annotated[
        bool, typer.Option("--official", help="The outlines are those of the authority.")
    ] = False,
    json: Json = False,
) -> None:
    """Replace all areas of a country and level by those of a file, and place every site anew."""
    settings = settings_module.load()
    with connect(cluster.ensure(settings)) as connection:
        report = areas.load_areas(
            connection,
            file,
            country=(country or settings.country).upper(),
            level=level,
            origin=origin,
            code_property=code_property,
            name_property=name_property,
            layer=layer,
            official=official,
        )
    if json:
        print_json(msgspec.to_builtins(report))
        return
    console.print(
        f"{report.areas:,} areas loaded ({report.mended:,} outlines repaired, {report.coded:,} "
        f"without a code of their own), {report.removed:,} older ones removed, "
        f"{report.sites_moved:,} sites placed anew."
    )
    if report.without_parent:
        console.print(f"{report.without_parent:,} areas lie in no area of the level above.")


def list_(json: Json = False) -> None:
    """The sets of areas that are loaded."""
    with connect(cluster.ensure(settings_module.load())) as connection:
        sets = areas.list_areas(connection)
    if json:
        print_json([msgspec.to_builtins(one) for one in sets])
        return
    table = Table("country", "level", "areas", "vertices", "outline", "origin")
    for one in sets:
        table.add_row(
            one.country_code, str(one.level), f"{one.areas:,}", f"{one.vertices:,}",
            "official" if one.official else "unofficial", one.origin,
        )  # fmt: skip
    console.print(table)
