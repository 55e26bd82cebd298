"""The peer: single events through the PostgreSQL recorder of the library `eventsourcing`, 32 at a time.

It keeps a notification order and an optimistic version for each stream; it has no chain, rights or batches.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict


class Peer:
    """Makes its own table in the schema `public` of that database."""

    def __init__(self, admin_dsn: str, callers: int) -> None:
        at = conninfo_to_dict(admin_dsn)
        self._store = PostgresDatastore(
            dbname=str(at["dbname"]),
            host=str(at["host"]),
            port=str(at["port"]),
            user=str(at["user"]),
            password=str(at["password"]),
            pool_size=callers,
        )
        self._recorder = PostgresApplicationRecorder(self._store)
        self._recorder.create_table()
        self._callers = ThreadPoolExecutor(callers)
        self._streams = [uuid4() for _ in range(callers)]
        self._version = 0

    def rate(self, each: int, state: bytes) -> float:
        """Events a second, where every caller inserts `each` events one after the other."""
        begun = time.perf_counter_ns()
        for done in [self._callers.submit(self._caller, stream, each, state) for stream in self._streams]:
            done.result(timeout=120)
        self._version += each
        return len(self._streams) * each / ((time.perf_counter_ns() - begun) / 1e9)

    def close(self) -> None:
        self._callers.shutdown()
        self._store.close()

    def _caller(self, stream: UUID, each: int, state: bytes) -> None:
        for version in range(self._version, self._version + each):
            self._recorder.insert_events([StoredEvent(stream, version, "bench:StepTaken", state)])
