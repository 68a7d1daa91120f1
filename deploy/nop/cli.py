"""The `nop` command: assembles the commands of `nop.commands` and turns errors into exit codes.

Exit codes: 0 done · 1 failed, the message says why · 2 wrong usage.
"""

from __future__ import annotations

import sys

import typer

import nop.commands
from nop import logs
from nop_registry.discovery import find_parts
from nop_registry.errors import NopError


def build() -> typer.Typer:
    """The command line with all commands."""
    app = typer.Typer(
        name="nop",
        help="National register of EV chargers and open-data platform.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for register in find_parts(nop.commands, "register"):
        register(app)
    return app


def main() -> None:
    """Entry point of the console script."""
    logs.configure()
    try:
        build()()
    except NopError as error:
        print(f"nop: {error}", file=sys.stderr)
        sys.exit(1)
