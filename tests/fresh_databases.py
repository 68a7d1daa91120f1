"""Databases for tests, made from a migrated template in hundredths of a second."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from psycopg import sql

from nop_registry.database import Connection, connect


class Databases:
    """Makes databases on the server. The last one is dropped when the next one is wanted.

    By then its sessions have ended; PostgreSQL would wait a tenth of a second for those of a test
    that is just over.
    """

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._over: list[str] = []

    def make(self, template: str | None = None) -> str:
        """Name of a new database, which is like `template`, or empty."""
        name = f"nop_test_{uuid.uuid4().hex}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        with connect(self._server_url, autocommit=True) as admin:
            self._drop(admin)
            if template:
                statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
                if _copies_files_quickly(admin):
                    statement += sql.SQL(" STRATEGY FILE_COPY")
            admin.execute(statement)
        return name

    def give_back(self, name: str) -> None:
        """Nobody needs it any more."""
        self._over.append(name)

    def drop(self) -> None:
        """Drop what was given back."""
        with connect(self._server_url, autocommit=True) as admin:
            self._drop(admin)

    def url(self, name: str) -> str:
        parts = urlsplit(self._server_url)
        return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"

    def _drop(self, admin: Connection) -> None:
        while self._over:
            name = sql.Identifier(self._over.pop())
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _copies_files_quickly(admin: Connection) -> bool:
    """Without fsync a copy of the files takes a fifth of the time of a copy through the log."""
    row = admin.execute("SELECT current_setting('fsync')").fetchone()
    return row == ("off",) and admin.info.server_version >= 150000
