"""Storing documents and reading their passages, at the front's door.

Rule 1: a document is stored whole with its passages, or not at all; what stands is never changed. A text that
    is not what it was becomes the next version of its document, and the one before stays for what cited it.
Rule 2: who may store what, and who may read it, the database says by the ticket.
Rule 3: the entry in the record comes after the rows, under a key of its own: cut short between the two, the
    same document again finds its rows and writes the entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final, Literal

from core.book.views import Passage
from core.clock import Clock
from core.database.pools import AsyncPool
from core.database.rows import one, rows
from core.errors import BadInput, Conflict, GatehouseError, NotFound, NotPermitted
from core.fact import Entry
from core.ids import Digest, PersonId, SubjectId, fresh_trace_id
from core.ledger.journal import Journal
from core.library.passages import passages
from core.library.plain import plain
from core.library.reader import SQL, as_passage
from core.people.asker import asking
from core.people.events import DocumentStored

Sensitivity = Literal["public", "firm", "supervision", "compliance", "named"]
OPEN: Final = frozenset({"public", "firm"})  # classes whose titles everybody may read in the record
TRIES: Final = 12  # each that is lost to another is one that another won


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what is said of it. `name`: what it is called from one version to the next; "": it has none,
    and the same text again is the same document. `known_on`: since when the firm could know it, where that
    is later than its date. `readers` are for the class `named` alone."""

    title: str
    source: str
    dated: date
    text: str
    name: str = ""
    issuer: str = ""
    known_on: date | None = None
    sensitivity: Sensitivity = "firm"
    readers: tuple[PersonId, ...] = ()
    subject: SubjectId | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """`unchanged`: it was there already."""

    document: str
    version: int
    passages: int
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Shelves:
    """How much of the library the asker may read, and how many of its passages have no vector yet."""

    documents: int
    passages: int
    waiting: int


class Library:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def store(self, ticket: str, document: Document) -> Stored:
        """Store a document, or find that it is there.

        Raises:
            BadInput: there is no text, or a date, class or reader that cannot be.
            NotFound: its subject is not in the ticket's book.
            NotPermitted: it is not this person's to store.
        """
        text = plain(document.text)
        body = Digest(sha256(text.encode()).hexdigest())
        said = json.dumps(_said(document, body))
        cut: list[str] = []
        async with asking(self._pool, ticket) as connection:
            for _ in range(TRIES):
                row = await one(connection, SQL["store"], {"said": said, "passages": cut or None})
                if row["outcome"] == "wanted":
                    cut = list(passages(text))
                    if not cut:
                        raise BadInput("the document has no text", fix="send its text", field="text")
                elif row["outcome"] != "again":
                    break
        if row["outcome"] not in {"stored", "unchanged"}:
            raise _refused(row["outcome"], document)
        stored = Stored(
            row["document"], row["version"], row["kept"]["passages"], row["outcome"] == "unchanged"
        )
        await self._record(ticket, stored, _fact(document, stored, row["kept"], body))
        return stored

    async def passage(self, ticket: str, passage: int) -> Passage:
        """One passage, as an answer cites it: of an old version too.

        Raises:
            NotFound: there is none, or this person may not read it.
        """
        async with asking(self._pool, ticket) as connection:
            found = await rows(connection, SQL["passage"], {"passage": passage})
        if not found:
            raise NotFound(f"there is no passage {passage}", fix="follow a citation", field="passage")
        return as_passage(found[0])

    async def standing(self, ticket: str) -> Shelves:
        """What the asker may read, and how far the copilot has looked at it."""
        async with asking(self._pool, ticket) as connection:
            return Shelves(**await one(connection, SQL["standing"]))

    async def _record(self, ticket: str, stored: Stored, fact: DocumentStored) -> None:
        trace = fresh_trace_id(self._clock)
        key = f"document/{stored.document}"
        await self._journal.record(Entry(f"library/{stored.document}", fact, trace, ticket=ticket, key=key))


def _fact(document: Document, stored: Stored, kept: Mapping[str, Any], body: Digest) -> DocumentStored:
    """As the row has it, whoever stored it first: the same document has one entry."""
    hidden = document.subject is not None or document.sensitivity not in OPEN
    return DocumentStored(
        document=stored.document,
        title="" if hidden else kept["title"],  # it is with the passages, and goes with them
        source="" if hidden else kept["source"],
        dated=kept["dated"],
        body_digest=body,
        passages=stored.passages,
    )


def _said(document: Document, body: Digest) -> dict[str, Any]:
    return {
        "name": document.name,
        "title": document.title,
        "source": document.source,
        "dated": document.dated.isoformat(),
        "known_on": document.known_on.isoformat() if document.known_on else None,
        "issuer": document.issuer,
        "sensitivity": document.sensitivity,
        "readers": sorted(document.readers),
        "subject": document.subject,
        "body_digest": body,
    }


def _refused(outcome: str, document: Document) -> GatehouseError:
    match outcome:
        case "not_in_book":
            return NotFound(
                f"{document.subject!r} is not in your book", fix="choose one of your own", field="subject"
            )
        case "not_a_librarian":
            return NotPermitted(
                "the firm's library is filled by research, compliance and operations",
                fix="say whom of your book it is about, or keep it to yourself: class named, you its reader",
            )
        case "unknown_reader":
            return BadInput(
                "a document for named readers names people who work here", fix="give ids", field="readers"
            )
        case "again":
            return Conflict("somebody stores this document now", fix="send it again")
        case _:
            return BadInput(
                f"the document cannot be stored: {outcome}",
                fix="give a class its name, readers to the class named alone, and at most 20,000 passages",
                field="sensitivity",
            )
