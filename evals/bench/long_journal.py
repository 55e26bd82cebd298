"""A journal of many entries, put into a fresh embedded server past the append: by the superuser's COPY.

Rule 1: sequence, text, copies and chain are what the append would have written. Stream heads, rights and the
    law's tables are not: nothing that reads a journal asks them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import DictRow

from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import GATE, INTAKE, OWNER, WITNESS
from core.database.migrate import found, migrate
from core.database.pools import connect
from core.ledger.chain import GENESIS, Sealing, leaf, link
from core.ledger.envelope import written
from evals.bench.lives import Said, lives

ROOT: Final = Path(__file__).resolve().parents[2]
BEGUN: Final = datetime(2000, 1, 3, 15, tzinfo=UTC)
COLUMNS: Final = (
    "seq, recorded_at, role, actor, text, event_id, event_type, event_version, stream, stream_version,"
    " trace_id, occurred_at, digest"
)
SHOWN: Final = ("server_version", "shared_buffers", "max_wal_size", "checkpoint_timeout", "jit", "work_mem")


class LongJournal:
    """Made when opened; `close` stops the server and removes its folder."""

    def __init__(self, *, entries: int, households: int) -> None:
        self.entries = entries
        self._home = Path(tempfile.mkdtemp(prefix="gh-"))
        self._home.chmod(0o711)  # the server's own user enters
        self._cluster = open_cluster(self._home)
        admin = self._cluster.superuser_dsn("gatehouse")
        logins = bootstrap(admin, kept=None, new_passwords=True, whole_server=True)
        migrate(logins.dsn(OWNER), found(ROOT))
        self.gate: str = logins.dsn(GATE)
        self.intake: str = logins.dsn(INTAKE)
        self.witness: str = logins.dsn(WITNESS)
        self.superuser = connect(admin, name="bench", statement_within=timedelta(minutes=10))
        self._fill(self.superuser, islice(lives(households=households, seed=1), entries))

    @property
    def event_bytes(self) -> int:
        """Mean length of an entry's text."""
        return int(self._value("select coalesce(avg(octet_length(text)), 0)::int from gatehouse.journal"))

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {name: str(self._value(f"select current_setting('{name}')")) for name in SHOWN}

    def close(self) -> None:
        self.superuser.close()
        self._cluster.close()
        shutil.rmtree(self._home, ignore_errors=True)

    @staticmethod
    def _fill(connection: Connection[DictRow], said: Iterator[Said]) -> None:
        last: tuple[Any, ...] = (0, BEGUN, GENESIS)
        with connection.cursor().copy(f"copy gatehouse.journal ({COLUMNS}) from stdin") as copy:
            for row in _rows(said):
                copy.write_row(row)
                last = row[0], row[1], row[-1]
        head = "update gatehouse.head set seq = %s, recorded_at = %s, digest = %s"
        connection.execute(head, last)
        connection.execute("vacuum analyze gatehouse.journal")

    def _value(self, statement: str) -> Any:
        row = self.superuser.execute(statement.encode()).fetchone()
        return None if row is None else next(iter(row.values()))


def texts_of(said: Iterator[Said]) -> Iterator[str]:
    """The text of every entry."""
    return (row[4] for row in _rows(said))


def _rows(said: Iterator[Said]) -> Iterator[tuple[Any, ...]]:
    digest, versions = GENESIS, dict[str, int]()
    for seq, (stream, trace, fact) in enumerate(said, start=1):
        at, kind = BEGUN + timedelta(milliseconds=seq), fact.event_type()
        event_id = f"{seq:08x}-0000-7000-8000-{seq:012x}"
        version = versions[stream] = versions.get(stream, 0) + 1
        # Plain ASCII with sorted keys and no numbers beyond integers: RFC 8785 as it is.
        payload = msgspec.json.encode(fact.model_dump(mode="json"), order="sorted").decode()
        text = (
            f'{{"event_id":"{event_id}","event_type":"{kind}","event_version":{fact.VERSION},"mono_ns":"{seq}"'
            f',"occurred_at":"{written(at)}","payload":{payload},"policy_decisions":[]'
            f',"stream":"{stream}","stream_version":{version},"trace_id":"{trace}"}}'
        )
        digest = link(digest, leaf(Sealing(seq, at, GATE, GATE, text)))
        yield seq, at, GATE, GATE, text, event_id, kind, fact.VERSION, stream, version, trace, at, digest
