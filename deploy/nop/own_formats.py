"""Our own formats on standard output: templates, the field guide, the JSON Schema."""

from __future__ import annotations

import sys

import msgspec
import typer

from nop.output import print_json
from nop_ingest.template.files import find_template
from nop_ingest.template.guide import guide_markdown
from nop_ingest.template.json_schema import json_schema
from nop_registry.errors import InvalidInput


def print_template(kind: str, *, as_json: bool) -> None:
    """The template of that kind. Raises NotFound, and InvalidInput where it cannot be shown."""
    template = find_template(kind)
    content = template.build()
    if kind == "xlsx" and (as_json or sys.stdout.isatty()):
        raise InvalidInput(
            f"a workbook is no text: nop upload --template xlsx > {template.filename}"
        )
    if as_json:
        print_json({"template": content.decode("utf-8-sig")})
    else:
        typer.echo(content, nl=False)


def print_guide(*, as_json: bool) -> None:
    """What each column and field means, as Markdown."""
    text = guide_markdown()
    print_json({"guide": text}) if as_json else typer.echo(text, nl=False)


def print_schema() -> None:
    """The JSON Schema of our own JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2))
