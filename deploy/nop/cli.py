"""The `nop` command: assembles the commands of `nop.commands` and turns errors into exit codes.

Exit codes: 0 done · 1 failed, the message says why · 2 wrong usage.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

import psycopg
import typer
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable

import nop.commands
from nop import logs
from nop_registry.discovery import find_parts
from nop_registry.errors import NopError


def build(command: str | None = None) -> typer.Typer:
    """The command line with all commands.

    With the name of a command that has a file of that name, with that one alone: a process that
    runs it loads nothing of the others.
    """
    app = typer.Typer(
        name="nop", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    app.callback()(_nop)  # without it a lone command would lose its name
    module = f"nop.commands.{(command or '').replace('-', '_')}"
    if (command or "").replace("-", "").isalpha() and find_spec(module):
        importlib.import_module(module).register(app)
        return app
    for register in find_parts(nop.commands, "register"):
        register(app)
    return app


def _nop() -> None:
    """National register of EV chargers and open-data platform."""


def main() -> None:
    """Entry point of the console script."""
    logs.configure()
    try:
        build(*sys.argv[1:2])()
    except NopError as error:
        sys.exit(_tell(str(error)))
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        sys.exit(_tell(f"the database cannot be reached or is busy ({reason}): is it running?"))
    except (UndefinedTable, UndefinedColumn, UndefinedFunction) as error:
        told = f"the database has not the tables of this program ({error.diag.message_primary})"
        sys.exit(_tell(f"{told}: run `nop migrate`, or `nop up`, which does it too"))


def _tell(message: str) -> int:
    print(f"nop: {message}", file=sys.stderr)
    return 1
