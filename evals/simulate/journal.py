"""The bytes of a run: every entry of the journal as it stands, then every venue's own ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
from psycopg import Connection
from psycopg.rows import DictRow

from core.venues.simulated.ledger import Line

ENCODER = msgspec.json.Encoder(order="deterministic")


def digest_of(superuser: Connection[DictRow], ledgers: Mapping[str, Sequence[Line]]) -> str:
    """One figure for all of it. Nothing of the journal is left out: times and the chain's digests are in."""
    found = sha256()
    rows = superuser.execute(
        "select seq, recorded_at, role, actor, text, digest from gatehouse.journal order by seq"
    )
    for row in rows:
        found.update(ENCODER.encode([*list(row.values())[:-1], bytes(row["digest"])]))
    for name, lines in ledgers.items():
        found.update(name.encode())
        for line in lines:
            found.update(ENCODER.encode(dict(line)))
    return found.hexdigest()
