"""What a process writes into its log: one line an event; of an error the places that it passed, no values.

Rule 1: no local value of a frame is written. A ticket, a password or a client's key is one on most frames,
    and whoever reads a log has a right to none of them. The framework's own default prints them all.
Rule 2: nor are an error's own words, wherever it is logged from: `invalid literal: 'Ann Smith'` is a value
    too. Its kind, its causes' kinds and the places are.
Rule 3: libraries that tell of requests (addresses, headers, bodies) are heard from a warning on, whatever
    level somebody turns on.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

TALKERS: Final = (
    *("httpx", "httpcore", "openai", "langchain", "langchain_core", "langchain_openai", "langgraph"),
    *("langsmith", "urllib3", "websockets", "multipart", "python_multipart", "streamlit", "tornado"),
    "uvicorn.access",
)


def plain() -> None:
    """Make every log of this process so. Call it once, before anything is logged."""
    # A pool says each try to connect in two lines of its own; what came of it is said by whoever asked it.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    for name in TALKERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.setLogRecordFactory(_without_values)
    sys.excepthook = _last_words
    threading.excepthook = _threads_last_words
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=_write_places),
        ]
    )


def places(error: BaseException) -> str:
    """Where an error came by, and what kind it is, with its causes and parts. None of its words."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause, seen)
        yield "which led to:"
    for part in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _lines(part, seen)
        yield "one of:"
    yield "".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__


def _write_places(out: TextIO, info: Any) -> None:
    if info[1] is not None:
        out.write("\n" + places(info[1]))


def _last_words(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """What ends the process."""
    sys.stderr.write(places(error) + "\n")


def _threads_last_words(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        sys.stderr.write(places(told.exc_value) + "\n")


def _without_values(*parts: Any, **named: Any) -> logging.LogRecord:
    record = logging.LogRecord(*parts, **named)
    if record.name == "asyncio":  # it shows tasks whole, with their results and errors
        record.msg, record.args = re.split(r"[<\n]", record.getMessage())[0].rstrip(), ()
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = places(record.exc_info[1])
        record.exc_info = None
    return record
