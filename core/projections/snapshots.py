"""The fold written down, so that a start replays only what came after it.

Rule 1: a snapshot is a copy, never evidence: dropped at will, and held equal to the fold by `audit rebuild`.
Rule 2: one fold, one text: what a snapshot holds is drawn from the fold's own classes, field by field.
Rule 3: a snapshot is read only in the form that this code writes, and only where its text and the journal at
    its sequence still have the digests that it was written with. Any other is set aside, and the one before
    it is tried; where none is left, the first entry is the start.
Rule 4: the newest few are kept, and of the older ones one for each long stretch of the journal.
Rule 5: one is written in portions, and whatever else the worker has to do is done between two of them. Nobody
    folds meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import BaseModel, ValidationError

from core.book.counted import Counted
from core.database.rows import rows
from core.database.statements import statements
from core.projections.folded import Folded

log = structlog.get_logger(__name__)

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
FOLD: Final = 2
"""Which fold it is: one more as soon as the same entries give another state. Fields count by themselves."""
EVERY: Final = 50_000  # entries between two snapshots
NEWEST: Final = 3
STRETCH: Final = 1_000_000  # entries; of those that are not among the newest, the first in each is kept
PART: Final = 1 << 20  # bytes in one row
PORTION: Final = 250  # names of a mapping that are written at once: a few milliseconds

Connection = AsyncConnection[DictRow]


@dataclass(frozen=True, slots=True)
class Start:
    """A fold, and the sequence of the last entry in it."""

    seq: int
    folded: Folded


@cache
def form() -> str:
    """The form of a snapshot's text: which fold, and a digest of all that it holds."""
    shape = msgspec.json.schema(Folded, schema_hook=_shape)
    return f"{FOLD}-{sha256(msgspec.json.encode(shape, order='deterministic')).hexdigest()[:16]}"


def text_of(folded: Folded) -> bytes:
    """The same state, the same text: JSON with sorted keys; amounts are strings."""
    return _ENCODER.encode(folded)


def folded_in(text: bytes) -> Folded:
    """The fold that was written as this text.

    Raises:
        ValueError: it is none in the present form.
    """
    try:
        with no_search_for_cycles():
            return _DECODER.decode(text)
    except (msgspec.MsgspecError, ValidationError) as bad:
        raise ValueError(f"no fold in the form {form()}: {type(bad).__name__}") from bad


async def portions(folded: Folded) -> AsyncGenerator[bytes, None]:
    """The text of the fold, piece by piece; others have their turn after each."""
    opens = b"{"
    for each in fields(folded):
        value = getattr(folded, each.name)
        yield opens + _ENCODER.encode(each.name) + b":"
        if isinstance(value, dict):
            async for piece in _of_mapping(value):
                yield piece
        else:
            yield _ENCODER.encode(value)
        opens = b","
    yield b"}"


async def _of_mapping(value: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
    names, opens = sorted(value), b"{"
    for at in range(0, len(names), PORTION):
        yield opens + _ENCODER.encode({name: value[name] for name in names[at : at + PORTION]})[1:-1]
        opens = b","
        await asyncio.sleep(0)
    yield b"}" if names else b"{}"


async def keep(connection: Connection, seq: int, folded: Folded) -> None:
    """Write the fold as it stands after entry `seq`, and drop the snapshots that nobody needs any more."""
    text = b"".join([portion async for portion in portions(folded)])
    digest = await asyncio.to_thread(lambda: sha256(text).digest())
    async with connection.transaction():
        await connection.execute(SQL["drop_snapshots"], {"seqs": [seq]})
        asked = {
            "seq": seq,
            "form": form(),
            "text_digest": digest,
            "bytes": len(text),
        }
        await connection.execute(SQL["put_snapshot"], asked)
        for number, body in enumerate(_parts(text)):
            await connection.execute(SQL["put_snapshot_part"], {"seq": seq, "part": number, "body": body})
        kept = [row["seq"] for row in await rows(connection, SQL["snapshots"], {"upto": seq})]
        await connection.execute(SQL["drop_snapshots"], {"seqs": surplus(kept)})


async def newest(connection: Connection, *, upto: int) -> Start:
    """The newest snapshot that can be used and reaches no further than entry `upto`; else the empty fold."""
    for row in await rows(connection, SQL["snapshots"], {"upto": upto}):
        why, start = await _read(connection, row)
        if start is not None:
            return start
        log.warning("snapshot_set_aside", seq=row["seq"], says=why)
    return Start(0, Folded())


async def read(connection: Connection, seq: int) -> bytes:
    """The text of one snapshot as it is stored, whatever its digest. Empty where there is none."""
    bodies = list[bytes]()
    while found := await rows(connection, SQL["snapshot_part"], {"seq": seq, "part": len(bodies)}):
        bodies.append(found[0]["body"])
    return b"".join(bodies)


def surplus(seqs: Sequence[int]) -> list[int]:
    """Which of these snapshots, newest first, are dropped."""
    stretches: dict[int, int] = {}
    for seq in sorted(seqs):
        stretches.setdefault(seq // STRETCH, seq)
    return [seq for seq in seqs[NEWEST:] if stretches[seq // STRETCH] != seq]


async def _read(connection: Connection, row: DictRow) -> tuple[str, Start | None]:
    """The fold in that snapshot, or why it cannot be used."""
    if row["form"] != form():
        return f"it has the form {row['form']}, and this version reads {form()}", None
    if not row["on_this_journal"]:
        return "the journal is another one at its entry", None
    text = await read(connection, row["seq"])
    if sha256(text).digest() != row["text_digest"]:
        return "its text is not the one that was written", None
    try:
        return "", Start(row["seq"], folded_in(text))
    except ValueError as bad:
        return str(bad), None


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """The collector of cycles rests while a fold is made: a fold is a tree, and looking it through again and
    again while it grows takes as long as making it."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _parts(text: bytes) -> Iterator[bytes]:
    for at in range(0, len(text), PART):
        yield text[at : at + PART]


def _written(value: Any) -> Any:
    if isinstance(value, Counted):
        return list(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"a fold holds a {type(value).__name__}, which no snapshot can write")


def _read_back(kind: type[Any], value: Any) -> Any:
    if kind is Counted:
        return Counted(value)
    if issubclass(kind, BaseModel):
        return kind.model_validate(value)
    raise TypeError(f"a fold holds a {kind.__name__}, which no snapshot can read")


def _shape(kind: type[Any]) -> dict[str, Any]:
    return (
        kind.model_json_schema() if issubclass(kind, BaseModel) else {"type": "array", "title": kind.__name__}
    )


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_written, order="deterministic")
_DECODER: Final = msgspec.json.Decoder(Folded, dec_hook=_read_back)
