"""The entries as a typed table (Parquet), for analysts. Evidence is the lines: this is of the same texts.

Rule 1: the same entries make the same bytes, with one version of the library: row groups, compression and
    format are fixed here.
Rule 2: a payload stays JSON text, character by character: its amounts are strings, and no column makes
    floats of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import IntegrityLost
from core.ledger.chain import EPOCH
from core.ledger.package import Line

ROW_GROUP: Final = 1 << 14
TIME: Final = pa.timestamp("us", tz="UTC")
COLUMNS: Final = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("recorded_at", TIME, nullable=False),
        pa.field("occurred_at", TIME, nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in ("event_type", "stream", "trace_id")),
        *(pa.field(name, pa.string()) for name in ("account", "proposal")),
        *(pa.field(name, pa.string(), nullable=False) for name in ("actor", "role")),
        pa.field("digest", pa.string()),
        pa.field("payload", pa.string(), nullable=False),
    ]
)


class Table:
    """Opened with `with`; `add` in sequence."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(
            self._path, COLUMNS, version="2.6", compression="zstd", compression_level=3, store_schema=False
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, line: Line) -> None:
        """Raises IntegrityLost where the text is no envelope."""
        try:
            envelope = _ENVELOPE.decode(line.text)
            names = _NAMES.decode(envelope.payload)
            occurred_us = (datetime.fromisoformat(envelope.occurred_at) - EPOCH) // timedelta(microseconds=1)
        except (ValueError, TypeError) as bad:
            raise IntegrityLost(
                f"entry {line.seq} holds a text that is no envelope",
                fix="run `gatehouse audit verify`; a person must look",
            ) from bad
        kind, _, of = envelope.stream.partition("/")
        row = (
            line.seq,
            line.recorded_us,
            occurred_us,
            envelope.event_type,
            envelope.stream,
            envelope.trace_id,
            _named(names.account) or (of if kind == "account" else None),
            _named(names.proposal) or (of if kind == "proposal" else None),
            line.actor.decode(),
            line.role.decode(),
            line.digest or None,
            bytes(envelope.payload).decode(),
        )
        self._rows.append(row)
        if len(self._rows) == ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        in_columns = zip(COLUMNS, zip(*self._rows, strict=True), strict=True)
        try:
            columns = [pa.array(values, type=field.type) for field, values in in_columns]
        except (pa.ArrowInvalid, OverflowError) as bad:
            raise IntegrityLost(
                f"entries {self._rows[0][0]} to {self._rows[-1][0]} hold a time that is none",
                fix="run `gatehouse audit verify`; a person must look",
            ) from bad
        self._writer.write_table(pa.Table.from_arrays(columns, schema=COLUMNS), row_group_size=ROW_GROUP)
        self._rows.clear()


class _Envelope(msgspec.Struct):
    event_type: str
    stream: str
    trace_id: str
    occurred_at: str
    payload: msgspec.Raw


class _Names(msgspec.Struct):
    account: Any = None
    proposal: Any = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_NAMES: Final = msgspec.json.Decoder(_Names)


def _named(value: Any) -> str | None:
    return value if isinstance(value, str) else None
