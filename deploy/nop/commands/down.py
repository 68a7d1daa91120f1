"""`nop down`."""

from __future__ import annotations

import typer

from nop import up
from nop.output import Json, print_json
from nop_registry import settings as settings_module


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("down")(bring_down)


def bring_down(json: Json = False) -> None:
    """Stop what `nop up` started, and nothing else."""
    stopped = up.bring_down(settings_module.load())
    if json:
        print_json({"stopped": stopped})
    else:
        print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
