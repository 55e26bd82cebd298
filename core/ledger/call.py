"""One caller's entries on their way through the journal, and the ways in which that ends.

Rule 1: a caller is answered once. Whoever may have been heard is told so: `OutcomeUnknown`, never "nothing".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg

from core.errors import GatehouseError, OutcomeUnknown, WorldFailed
from core.fact import Entry
from core.ledger.envelope import Recorded


@dataclass(slots=True, eq=False)
class Call:
    """One caller's entries, waiting. Those of one call are neighbours in the batch."""

    entries: tuple[Entry, ...]
    payloads: Sequence[str]
    letters: int  # of the payloads
    occurred_at: str
    mono_ns: int
    done: asyncio.Future[tuple[Recorded, ...]]
    until_ms: int  # of the loop's clock: then its time is over
    tries: int = 0
    sent: bool = False
    doubtful: bool = False  # an earlier try may have happened

    @property
    def safe_to_repeat(self) -> bool:
        """Every entry has a key: the append itself answers whether it happened."""
        return all(entry.key is not None for entry in self.entries)

    def answer(self, recorded: tuple[Recorded, ...] | GatehouseError) -> None:
        """Tell the caller, once."""
        if self.done.done():
            return
        if isinstance(recorded, GatehouseError):
            self.done.set_exception(recorded)
        else:
            self.done.set_result(recorded)

    def give_up(self) -> None:
        """Its time is over."""
        if self.sent:
            self.answer(in_doubt("the journal did not acknowledge in time"))
        else:
            self.answer(not_taken("the journal is too busy"))


def tell(calls: Iterable[Call], bad: GatehouseError) -> None:
    for call in calls:
        call.answer(bad)


def refuse(calls: Iterable[Call], says: str) -> None:
    """This try did not happen; of a call that was in doubt before nobody knows more by that."""
    for call in calls:
        call.answer(in_doubt(says) if call.doubtful else not_taken(says))


def not_taken(says: str) -> WorldFailed:
    return WorldFailed(says, fix="nothing was recorded; try again")


def in_doubt(says: str) -> OutcomeUnknown:
    return OutcomeUnknown(says, fix="look whether it happened before you repeat it")


def connection_broke(bad: psycopg.Error) -> bool:
    """Whether the server may have committed: no SQLSTATE, class 08 or 57P, or its last word.

    A failed fsync of its log is a PANIC with a SQLSTATE of its own, and the entry may be there afterwards.
    """
    last_word = bad.diag.severity_nonlocalized in ("FATAL", "PANIC")
    return bad.sqlstate is None or last_word or bad.sqlstate.startswith(("08", "57P"))


def first_line(bad: psycopg.Error) -> str:
    return (str(bad).splitlines() or [type(bad).__name__])[0]
