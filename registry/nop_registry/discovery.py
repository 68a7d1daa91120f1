"""Parts are found, not listed: one new thing is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def find_parts(package: ModuleType, attribute: str, *, in_folders: bool = False) -> list[Any]:
    """The value of `attribute` in every module of `package` that defines it, by module name.

    With `in_folders` also in the modules of the packages in it, at any depth.
    """
    look = pkgutil.walk_packages if in_folders else pkgutil.iter_modules
    parts = []
    for name in sorted(found.name for found in look(package.__path__, f"{package.__name__}.")):
        module = importlib.import_module(name)
        if hasattr(module, attribute):
            parts.append(getattr(module, attribute))
    return parts
