"""Order tickets as files: one JSON object a line, the same as a table, and what both come to.

Rule 1: the same tickets make the same bytes. Amounts are text, and no column makes floats of them.
Rule 2: the evidence is the package of entries beside it: each ticket names the sequences that it rests on.
Rule 3: nothing that stands there is written over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import rfc8785

from core.errors import BadInput
from core.orders.ticket import Ticket

LINES: Final = "tickets.jsonl"
TABLE: Final = "tickets.parquet"
SAYS: Final = "manifest.json"
SEQS: Final = "seqs"


@dataclass(frozen=True, slots=True)
class Kept:
    folder: str
    tickets: int
    lines_digest: str


def write(folder: Path, tickets: Sequence[Ticket], *, asked: Mapping[str, str]) -> Kept:
    """Write them into a new folder.

    Raises:
        BadInput: something stands there already.
    """
    told = [ticket.model_dump(mode="json") for ticket in tickets]
    lines = b"".join(rfc8785.dumps(one) + b"\n" for one in told)
    try:
        folder.mkdir()
    except FileExistsError as bad:
        raise BadInput(f"{str(folder)!r} is there already", fix="name another folder", field="out") from bad
    (folder / LINES).write_bytes(lines)
    pq.write_table(
        _table(told),
        folder / TABLE,
        version="2.6",
        compression="zstd",
        compression_level=3,
        store_schema=False,
    )
    digests = {name: sha256((folder / name).read_bytes()).hexdigest() for name in (LINES, TABLE)}
    manifest: dict[str, Any] = {"asked": dict(asked), "files": digests, "tickets": len(tickets)}
    (folder / SAYS).write_bytes(rfc8785.dumps(manifest) + b"\n")
    return Kept(str(folder), len(tickets), digests[LINES])


def _table(told: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A column for each field; what is itself a list or an object stays JSON text, the sequences numbers."""
    columns = {name: [_flat(name, one[name]) for one in told] for name in Ticket.model_fields}
    types = {
        name: pa.list_(pa.int64()) if name == SEQS else _TYPES.get(name, pa.string()) for name in columns
    }
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


_TYPES: Final = {"leg": pa.int64()}


def _flat(name: str, value: Any) -> Any:
    if name in (SEQS, *_TYPES) or value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
