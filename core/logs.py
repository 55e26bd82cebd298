"""What a process writes into its log: one line an event; of an error the places that it passed, no values.

Rule 1: no local value of a frame is written. A ticket, a password or a client's key is one on most frames,
    and whoever reads a log has a right to none of them. The framework's own default prints them all.
"""

from __future__ import annotations

import logging
import sys

import structlog


def plain() -> None:
    """Make every log of this process so. Call it once, before anything is logged."""
    # A pool says each try to connect in two lines of its own; what came of it is said by whoever asked it.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
