"""Logs: one line an event on standard error, tracebacks without the values of variables.

structlog's own default prints every local variable of a traceback, tokens and keys included.
"""

from __future__ import annotations

import sys

import structlog


def configure() -> None:
    """Set it up for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
