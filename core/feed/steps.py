"""Why an agent did what it did: the steps of one trace with their words in clear, for who may read them.

Rule 1: the row policies decide which entries and bodies are seen, as everywhere. Words are opened for their
    subject's own book, and for those who supervise.
Rule 2: what was forgotten reads so, and hides nothing else. A body that was changed is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import Conflict, NotFound
from core.fact import Kept, Sealed
from core.feed.record import line_of
from core.ids import SubjectId, TraceId
from core.ledger.bodies import body
from core.ledger.events import fact_of
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking
from core.people.events import StepEvent
from core.people.keystore import KeyStore

FIELDS: Final[Mapping[str, str]] = {"MessageReceived": "message", "AnswerGiven": "answer"}  # sealed as these
MOST_ENTRIES: Final = 2_000
FORGOTTEN: Final = "[forgotten]"
CLOSED: Final = "[not in your book]"


@dataclass(frozen=True, slots=True)
class StepRead:
    """One step. In `told`, each text stands in clear where its seal or its name stood."""

    seq: int
    recorded_at: datetime
    event_type: str
    told: Mapping[str, Any]
    trace: str = ""


class Steps:
    """Opens steps; holds the subjects' keys, as `front` does."""

    def __init__(self, pool: AsyncPool, keys: KeyStore) -> None:
        self._pool = pool
        self._keys = keys

    async def of(self, ticket: str, trace: TraceId, *, with_read: bool) -> tuple[StepRead, ...]:
        """The steps of that trace, in order. `with_read`: also every text that a model read.

        Raises:
            SignInRequired: the session has ended.
            IntegrityLost: a step or a body is not what was recorded.
        """
        async with asking(self._pool, ticket) as connection:
            found = [line_of(row) for row in await rows(connection, PEOPLE["trace_lines"], {"trace": trace})]
            opening = await self._opening(connection)
            steps: list[StepRead] = []
            for line in found:
                if line.event_type not in KINDS_OF_STEPS:
                    continue
                fact = fact_of(line.event_type, line.event_version, line.payload)
                told = fact.model_dump(mode="json")
                if not with_read and told.get("thought"):
                    told["thought"].pop("read")
                clear = await opening.clear(told)
                steps.append(StepRead(line.seq, line.recorded_at, line.event_type, clear))
        return tuple(steps)

    async def conversation(self, ticket: str, trace: TraceId) -> tuple[StepRead, ...]:
        """The conversation of that trace up to its last entry, whole: messages, steps with all that a model
        read, answers. Empty: there is none to be seen.

        Raises:
            Conflict: it is longer than can be told at once.
            SignInRequired, IntegrityLost: as `of`.
        """
        asked = {"trace": trace, "limit": MOST_ENTRIES + 1}
        async with asking(self._pool, ticket) as connection:
            found = [line_of(row) for row in await rows(connection, PEOPLE["conversation_lines"], asked)]
            if len(found) > MOST_ENTRIES:
                raise Conflict(
                    f"that conversation has more than {MOST_ENTRIES} entries", fix="replay an earlier message"
                )
            opening = await self._opening(connection)
            told: list[StepRead] = []
            for line in found:
                fact = fact_of(line.event_type, line.event_version, line.payload).model_dump(mode="json")
                field = FIELDS.get(line.event_type, "step")
                clear = {
                    name: await opening.clear(value, _field(name, field)) for name, value in fact.items()
                }
                told.append(StepRead(line.seq, line.recorded_at, line.event_type, clear, line.trace))
            return tuple(told)

    async def _opening(self, connection: AsyncConnection[DictRow]) -> _Opening:
        mine = await rows(connection, PEOPLE["subjects_in_book"], {"names": False})
        sees_all = bool((await one(connection, "select gatehouse.asker_sees_all() as all"))["all"])
        return _Opening(connection, self._keys, {SubjectId(row["subject"]) for row in mine}, sees_all, {})


KINDS_OF_STEPS: Final = frozenset(kind.event_type() for kind in StepEvent.__args__)


@dataclass(frozen=True, slots=True)
class _Opening:
    """One person's reading. `known` are the texts of bodies that were opened before."""

    connection: AsyncConnection[DictRow]
    keys: KeyStore
    subjects: set[SubjectId]
    sees_all: bool
    known: dict[Kept, str]

    async def clear(self, told: Any, field: str = "step") -> Any:
        """`told` with every seal and every name of a body as its text."""
        if isinstance(told, list):
            return [await self.clear(one) for one in told]
        if not isinstance(told, dict):
            return told
        if {*told} == {*Sealed.model_fields}:
            return self._opened(field, Sealed.model_validate(told))
        if {*told} == {"sealed", "kept"}:
            return await self._worded(told)
        return {name: await self.clear(value, _field(name, "step")) for name, value in told.items()}

    async def _worded(self, words: Mapping[str, Any]) -> str | None:
        if words["sealed"] is not None:
            return self._opened("step", Sealed.model_validate(words["sealed"]))
        if words["kept"] is None:
            return None
        kept = Kept.model_validate(words["kept"])
        if kept not in self.known:
            self.known[kept] = await self._of_body(kept)
        return self.known[kept]

    async def _of_body(self, kept: Kept) -> str:
        if not self._may(kept.subject):
            return CLOSED
        try:
            found = await body(self.connection, kept)
        except NotFound:
            return FORGOTTEN
        return self._opened("step", found)

    def _opened(self, field: str, sealed: Sealed) -> str:
        if not self._may(sealed.subject):
            return CLOSED
        try:
            return self.keys.clear(field, sealed)
        except NotFound:
            return FORGOTTEN

    def _may(self, subject: SubjectId) -> bool:
        return self.sees_all or subject in self.subjects


def _field(name: str, otherwise: str) -> str:
    """As what the words under that name were sealed."""
    return "ask" if name == "ask" else otherwise
