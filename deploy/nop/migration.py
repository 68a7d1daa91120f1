"""The schema brought to a revision, with errors that say what to do."""

from __future__ import annotations

import psycopg
import sqlalchemy.exc
from alembic.util import CommandError

from nop_registry.database import connect, migrate
from nop_registry.errors import DatabaseUnavailable, InvalidInput, SettingsError


def bring_schema_forward(url: str, revision: str = "head") -> str:
    """Migrate the database and return the revision it is at ("" when it has no table).

    Raises DatabaseUnavailable, SettingsError (no PostGIS, no rights) or InvalidInput (no such
    revision).
    """
    try:
        migrate(url, revision)
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
    except CommandError as error:
        raise InvalidInput(f"{error}: give a revision such as 0005, base or head") from error
    except (psycopg.OperationalError, sqlalchemy.exc.OperationalError) as error:
        raise DatabaseUnavailable(
            f"the database cannot be reached or is busy, try again: {_line(error)}"
        ) from error


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
