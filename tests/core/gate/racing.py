"""Many callers at once, in several processes of the system: each sends one entry, all at the same moment.

A login has only so many connections: as in the product, the callers of one process share a few. The processes
are forked from one that has nothing but this module: loading it is most of a fresh one's work.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from queue import SimpleQueue
from typing import Any, Final

import psycopg

Line = psycopg.Connection[tuple[Any, ...]]

PROCESSES: Final = 4
CONNECTIONS: Final = 2  # of each process
PATIENCE: Final = 60  # seconds


def race(dsn: str, items: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the append answers to each: "ok", or the code of the refusal. In no order."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    start, answers = context.Barrier(len(items)), context.Queue()
    shares = [items[n::PROCESSES] for n in range(PROCESSES)]
    processes = [context.Process(target=_process, args=(dsn, share, start, answers)) for share in shares]
    for process in processes:
        process.start()
    said = [answers.get(timeout=PATIENCE) for _ in items]
    for process in processes:
        process.join(timeout=PATIENCE)
    return said


def _process(dsn: str, items: Sequence[Mapping[str, Any]], start: Barrier, answers: Queue[str]) -> None:
    free: SimpleQueue[Line] = SimpleQueue()
    lines = [psycopg.connect(dsn, autocommit=True) for _ in range(CONNECTIONS)]
    for line in lines:
        free.put(line)
    threads = [threading.Thread(target=_caller, args=(free, item, start, answers)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for line in lines:
        line.close()


def _caller(free: SimpleQueue[Line], item: Mapping[str, Any], start: Barrier, answers: Queue[str]) -> None:
    start.wait(timeout=PATIENCE)
    line = free.get()
    row = line.execute(
        "select answer, code from gatehouse.append(%s::jsonb)", [json.dumps([item])]
    ).fetchone()
    free.put(line)
    answers.put("nothing" if row is None else row[1] or row[0])
