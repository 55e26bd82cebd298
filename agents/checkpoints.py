"""Where a conversation left off, kept in PostgreSQL, sealed by the copilot.

Rule 1: a row is AES-256-GCM-SIV ciphertext, bound to its thread, namespace, checkpoint and place. A row that
    was planted, changed or moved is `IntegrityLost` and is never loaded.
Rule 2: what is loaded is plain data and messages; an unknown class comes back as data, and no code runs.
Rule 3: only the last few checkpoints of a thread are kept. They are never evidence: the journal is.
Rule 4: the tables come by migration. Nothing is created here.
Rule 5: a step is one row and one round trip. What a task wrote is not kept beside the checkpoint that holds
    it; the graph's effects have keys, so a step that is lost to a kill and runs again happens once.
Rule 6: it is compressed before it is sealed: how long a row is says how much its text repeats, and no more.
Rule 7: a step's row may be written while the next step is taken (`behind`): each is, one after the other, and
    is there before anything goes on record or is drafted, before a pause, and before an answer leaves.
Source: RFC 8452 (AES-GCM-SIV), RFC 1950 (zlib).
"""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import ormsgpack
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from core.database.pools import AsyncPool
from core.database.statements import statements
from core.errors import IntegrityLost

SQL: Final = statements(Path(__file__).with_name("checkpoints.sql"))
KEEP: Final = 4  # checkpoints of a thread
NONCE: Final = 12  # bytes
QUICKLY: Final = 1  # a holding's table in 0.2 ms to a fifth, which the server takes in half the time
ZLIB: Final = b"\x78"  # its first byte; RFC 1950

Place = dict[str, Any]


class CheckpointStore(BaseCheckpointSaver[int]):
    """LangGraph's saver on our own two tables. Async only."""

    def __init__(self, pool: AsyncPool, key: bytes) -> None:
        super().__init__(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._pool = pool
        self._cipher = AESGCMSIV(key)
        self._left: dict[str, CheckpointTuple | None] = {}
        self._behind: dict[str, asyncio.Task[None] | None] = {}  # by thread: what is being written of it

    @asynccontextmanager
    async def left(self, thread: str) -> AsyncIterator[CheckpointTuple | None]:
        """How that thread was left. A run of it that begins within begins from just that: it is not read
        twice. Nobody else runs it meanwhile (`agents.run`).

        Raises:
            IntegrityLost: as `aget_tuple`.
        """
        found = await self.aget_tuple({"configurable": {"thread_id": thread}})
        self._left[thread] = found
        try:
            yield found
        finally:
            self._left.pop(thread, None)

    @asynccontextmanager
    async def behind(self, thread: str) -> AsyncIterator[None]:
        """A checkpoint of that thread is written while its next step is taken, and each is when this ends,
        however it ends. Nobody else runs it meanwhile (`agents.run`)."""
        self._behind[thread] = None
        try:
            yield
            await self.kept(thread)
        except BaseException:  # what ended the run is told on, and not that it could not be kept either
            with suppress(psycopg.Error):
                await self.kept(thread)
            raise
        finally:
            self._behind.pop(thread, None)

    async def kept(self, thread: str) -> None:
        """Wait until what was to be kept of that thread is.

        Raises:
            psycopg.Error: it could not be written.
        """
        writing = self._behind.get(thread)
        if writing is not None:
            self._behind[thread] = None
            await writing

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that `config` names, or the thread's newest. None where there is none.

        Raises:
            IntegrityLost: a row is not what this copilot wrote there.
        """
        place = {**_place(config), "checkpoint": get_checkpoint_id(config)}
        if place["checkpoint"] is None and not place["namespace"] and place["thread"] in self._left:
            return self._left.pop(place["thread"])
        async with self._pool.connection() as connection:
            row = await (await connection.execute(SQL["newest"], place)).fetchone()
        if row is None:
            return None
        writes = [
            {"task": task, "place": int(at), "body": body}
            for (task, _, at), body in zip(
                (name.rpartition(" ") for name in row["writes"]), row["bodies"], strict=True
            )
        ]
        return self._tuple({**place, "checkpoint": row["checkpoint"]}, row["body"], writes)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The thread's checkpoints, newest first, without their pending writes."""
        if config is None:
            return
        place = _place(config)
        asked = {**place, "before": get_checkpoint_id(before) if before else None, "limit": limit or KEEP}
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(SQL["all_of_thread"], asked)).fetchall()
        for row in rows:
            found = self._tuple({**place, "checkpoint": row["checkpoint"]}, row["body"], [])
            if all(found.metadata.get(key) == value for key, value in (filter or {}).items()):
                yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint whole, and drop those that are older than the last few.

        What only holds what was asked is not kept: the one that follows at once holds it too, and no step
        was taken between them.
        """
        place = {**_place(config), "checkpoint": checkpoint["id"]}
        if metadata.get("source") != "input":
            if place["thread"] in self._behind and not place["namespace"]:
                await self.kept(place["thread"])
                writing = self._write(config, checkpoint, metadata)
                self._behind[place["thread"]] = asyncio.create_task(writing, name="checkpoint")
            else:
                await self._write(config, checkpoint, metadata)
        return _config(place)

    async def _write(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata
    ) -> None:
        place = {**_place(config), "checkpoint": checkpoint["id"]}
        kept = {
            "parent": get_checkpoint_id(config),
            "checkpoint": self.serde.dumps_typed(checkpoint),
            "metadata": self.serde.dumps_typed(get_checkpoint_metadata(config, metadata)),
        }
        body = self._seal(kept, place, "checkpoint")
        async with self._pool.connection() as connection:
            await connection.execute(SQL["put"], {**place, "body": body, "before": KEEP - 1})

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keep what nothing else will: an interrupt, an answer to one, an error. The rest is in the
        checkpoint that follows at once: whoever is killed between the two runs the step again, and that
        happens once."""
        if not any(channel in WRITES_IDX_MAP for channel, _ in writes):
            return
        place = {**_place(config), "checkpoint": get_checkpoint_id(config), "task": task_id}
        await self.kept(place["thread"])
        places, bodies = [], []
        for index, (channel, value) in enumerate(writes):
            at = {**place, "place": WRITES_IDX_MAP.get(channel, index)}
            kept = {"channel": channel, "path": task_path, "value": self.serde.dumps_typed(value)}
            places.append(at["place"])
            bodies.append(self._seal(kept, at, "write"))
        async with self._pool.connection() as connection:
            await connection.execute(SQL["put_writes"], {**place, "places": places, "bodies": bodies})

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        async with self._pool.connection() as connection, connection.transaction():
            for name in ("forget_writes", "forget_checkpoints"):
                await connection.execute(SQL[name], {"thread": thread_id})

    def _tuple(self, place: Place, body: bytes, writes: Sequence[Mapping[str, Any]]) -> CheckpointTuple:
        kept = self._open(body, place, "checkpoint")
        pending = []
        for row in writes:
            at = {**place, "task": row["task"], "place": row["place"]}
            write = self._open(row["body"], at, "write")
            pending.append((write["path"], row["task"], row["place"], write))
        pending.sort(key=lambda one: one[:3])
        return CheckpointTuple(
            config=_config(place),
            checkpoint=cast("Checkpoint", self._load(kept["checkpoint"])),
            metadata=cast("CheckpointMetadata", self._load(kept["metadata"])),
            parent_config=_config({**place, "checkpoint": kept["parent"]}) if kept["parent"] else None,
            pending_writes=[(task, one["channel"], self._load(one["value"])) for _, task, _, one in pending],
        )

    def _load(self, typed: Sequence[Any]) -> Any:
        return self.serde.loads_typed((str(typed[0]), bytes(typed[1])))

    def _seal(self, kept: Mapping[str, Any], place: Place, kind: str) -> bytes:
        nonce = os.urandom(NONCE)
        clear = zlib.compress(ormsgpack.packb(kept), QUICKLY)
        return nonce + self._cipher.encrypt(nonce, clear, _bound(place, kind))

    def _open(self, body: bytes, place: Place, kind: str) -> dict[str, Any]:
        try:
            clear = self._cipher.decrypt(body[:NONCE], body[NONCE:], _bound(place, kind))
        except (InvalidTag, ValueError) as bad:
            raise IntegrityLost(
                f"a {kind} of the conversation {place['thread']!r} is not what the copilot wrote there",
                fix="open a new conversation; let somebody look at the schema copilot",
            ) from bad
        # What was kept before rows were compressed begins as a map does.
        kept: dict[str, Any] = ormsgpack.unpackb(zlib.decompress(clear) if clear[:1] == ZLIB else clear)
        return kept


def _bound(place: Place, kind: str) -> bytes:
    """What a row's ciphertext is tied to."""
    names = ("thread", "namespace", "checkpoint", "task", "place")
    return json.dumps([kind, *(place.get(name) for name in names)]).encode()


def _place(config: RunnableConfig) -> Place:
    found = config["configurable"]
    return {"thread": found["thread_id"], "namespace": found.get("checkpoint_ns", "")}


def _config(place: Place) -> RunnableConfig:
    return {
        "configurable": {
            "thread_id": place["thread"],
            "checkpoint_ns": place["namespace"],
            "checkpoint_id": place["checkpoint"],
        }
    }
