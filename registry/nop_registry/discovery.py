"""Parts are found, not listed: one new thing is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def find_parts(package: ModuleType, attribute: str) -> list[Any]:
    """The value of `attribute` in every module of `package` that defines it, by module name."""
    parts = []
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        if hasattr(module, attribute):
            parts.append(getattr(module, attribute))
    return parts
