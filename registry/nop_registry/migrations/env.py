"""Alembic environment. The migrations are the one description of the tables: plain SQL, forward and back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from nop_registry.database import sqlalchemy_url

engine = sa.create_engine(sqlalchemy_url(context.config.attributes["database_url"]))
try:
    with engine.connect() as connection:
        # A migration that cannot get its lock gives up instead of queueing all readers behind it.
        connection.exec_driver_sql("SET lock_timeout = '4s'; SET statement_timeout = '10min'")
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
finally:  # a refused migration too must not leave its connection open
    engine.dispose()
