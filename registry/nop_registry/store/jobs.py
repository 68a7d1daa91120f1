"""Jobs for the worker, put into its queue inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg.errors import UniqueViolation

from nop_registry.database import Connection


def defer_job(connection: Connection, task: str, *, lock: str, **arguments: Any) -> bool:
    """Have the worker run `task` (its queue has the same name) once this transaction commits.

    `lock`: of jobs with the same lock one waits at a time and one runs. False: one waits already.
    """
    try:
        with connection.transaction():
            connection.execute(
                """SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%(task)s, %(task)s, 0, %(lock)s,
                       %(lock)s, %(arguments)s::jsonb, NULL)::procrastinate_job_to_defer_v1])""",
                {
                    "task": task,
                    "lock": lock,
                    "arguments": msgspec.json.encode(arguments).decode(),
                },
            )
    except UniqueViolation:
        return False
    return True
