"""The database made ready: schema, built-in areas, and errors that say what to do."""

from __future__ import annotations

import psycopg

from nop_registry.database import connect, migrate
from nop_registry.errors import DatabaseUnavailable, InvalidInput, SettingsError
from nop_registry.queries.health import newest_revision
from nop_registry.store.areas import load_builtin


def bring_schema_forward(url: str, country: str, revision: str = "head") -> str:
    """Migrate the database and return the revision it is at ("" when it has no table).

    At its head it also holds the outlines that come with the platform, of `country` and around.

    Raises DatabaseUnavailable, SettingsError (no PostGIS, no rights, a newer program's tables) or
    InvalidInput (no such revision).
    """
    try:
        refuse_newer(url)
        if revision != "head" or current_revision(url) != newest_revision():
            _migrate(url, revision)
        if revision == "head":
            with connect(url) as connection:
                load_builtin(connection, country)
        return current_revision(url)
    except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported) as error:
        raise SettingsError(
            f"this PostgreSQL has no PostGIS: install it on the database server ({_line(error)})"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(
            "the database's user may not do this: as its superuser run CREATE EXTENSION postgis, "
            f"and let the user create tables ({_line(error)})"
        ) from error
    except psycopg.OperationalError as error:
        raise _unavailable(error) from error


def _migrate(url: str, revision: str) -> None:
    # Here, because every command would wait for them.
    from alembic.util import CommandError
    from sqlalchemy.exc import OperationalError

    try:
        migrate(url, revision)
    except CommandError as error:
        raise InvalidInput(f"{error}: give a revision such as 0005, base or head") from error
    except OperationalError as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the database cannot be reached or is busy, try again: {_line(error)}"
    )


def refuse_newer(url: str) -> None:
    """Raises SettingsError when the tables are those of a newer program than this one.

    It would write what the newer one no longer reads. Older tables are no harm: until they are
    migrated, the web says that it is not ready.
    """
    found, known = current_revision(url), newest_revision()
    if found > known:
        raise SettingsError(
            f"the database is at {found} and this program knows the tables up to {known} only: "
            f"start the newer program, or run its `nop migrate {known}` first"
        )


def current_revision(url: str) -> str:
    """The schema's revision; "" before the first migration."""
    with connect(url) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return ""
    return str(row[0]) if row else ""


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
