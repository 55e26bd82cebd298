"""Orders that people decided on, put into a database as rows at once: journal, heads, proposals and legs.

Rule 1: what stands there is what the product would have written, entry for entry and chained, and in the
    law's tables; only the deciding itself is left out.
Rule 2: the head moves in the same transaction: whoever appends next goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from core.fact import Entry, Fact
from core.ledger.chain import GENESIS, Sealing, leaf, link
from core.ledger.envelope import payload_of, text_of, written
from core.orders.content import Content
from core.orders.events import OrderReleased, ProposalApproved, ProposalSubmitted
from core.orders.released import ReleasedOrder
from evals.bench.decided import Who, decisions

COLUMNS: Final = (
    "seq, recorded_at, role, actor, text, event_id, event_type, event_version, stream, stream_version,"
    " trace_id, occurred_at, digest"
)
PROPOSAL: Final = (
    "proposal (proposal, household, advisor, kind, request, trace, drafted_by, drafted_at, drafted_seq,"
    " status, session, digest, content, tier, last_seq)"
)
DECISION: Final = "decision (proposal, kind, person, advisor, digest, decided_at, seq)"
LEG: Final = (
    "leg (proposal, leg, order_id, advisor, account, symbol, side, quantity, order_type, limit_price,"
    " time_in_force, lots, reference_price, band_low, band_high, funded_by, may_release_less, released_seq,"
    " released_quantity)"
)


class Releasing:
    """Goes on from where the journal's head is at each call."""

    def __init__(self, superuser: Connection[DictRow], event_ids: Iterator[UUID]) -> None:
        self._superuser = superuser
        self._event_ids = event_ids
        self._seq, self._digest = 0, GENESIS

    def write(
        self, decided: Sequence[tuple[ReleasedOrder, Content]], *, at: datetime, approved: bool
    ) -> None:
        """Their decisions and releases; those that are not `approved` were submitted, and no more. Whoever
        appends meanwhile waits: the head is taken as an append takes it."""
        with self._superuser.transaction():
            self._write(decided, at=at, approved=approved)

    def _write(
        self, decided: Sequence[tuple[ReleasedOrder, Content]], *, at: datetime, approved: bool
    ) -> None:
        head = self._superuser.execute("select seq, digest from gatehouse.head for update").fetchone()
        if head is not None:
            self._seq, self._digest = head["seq"], bytes(head["digest"])
        rows: list[Sequence[Any]] = []
        proposals, legs, submitted = list[Sequence[Any]](), list[Sequence[Any]](), list[Sequence[Any]]()
        for order, content in decided:
            versions: dict[str, int] = {}
            first = self._seq + 1
            for who, fact in decisions(order, content):
                if not approved and isinstance(fact, ProposalApproved | OrderReleased):
                    continue
                rows.append(self._entry(order, who, fact, versions, at))
                if isinstance(fact, ProposalSubmitted):
                    by = (content.proposal, "submission", content.advisor, content.advisor)
                    submitted.append((*by, content.digest(), at, self._seq))
            stands = ("RELEASED" if approved else "SUBMITTED", first, self._seq)
            proposals.append(_proposal(order, content, at, *stands))
            legs.append(_leg(order, content, self._seq if approved else None))
        self._copy(f"journal ({COLUMNS})", rows)
        heads = {row[8]: row[9] for row in rows}
        self._copy("stream_head (stream, version)", heads.items())
        self._copy(PROPOSAL, proposals)
        self._copy(DECISION, submitted)
        self._copy(LEG, legs)
        self._superuser.execute(
            "update gatehouse.head set seq = %s, digest = %s, recorded_at = %s",
            [self._seq, self._digest, at],
        )

    def _entry(
        self, order: ReleasedOrder, who: Who, fact: Fact, versions: dict[str, int], at: datetime
    ) -> Sequence[Any]:
        """One row of the journal, next in its chain."""
        stream = f"order/{order.id}" if hasattr(fact, "order") else f"proposal/{order.proposal}"
        versions[stream] = versions.get(stream, 0) + 1
        self._seq += 1
        entry, named = Entry(stream, fact, order.trace), next(self._event_ids)
        text = text_of(
            entry,
            payload_of(entry),
            event_id=named,
            stream_version=versions[stream],
            occurred_at=written(at),
            mono_ns=self._seq,
        )
        self._digest = link(self._digest, leaf(Sealing(self._seq, at, *who, text)))
        stands = (fact.event_type(), fact.VERSION, stream, versions[stream], order.trace, at, self._digest)
        return (self._seq, at, *who, text, named, *stands)

    def _copy(self, into: str, rows: Iterable[Any]) -> None:
        with (
            self._superuser.cursor() as cursor,
            cursor.copy(f"copy gatehouse.{into} from stdin".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)


def _proposal(
    order: ReleasedOrder, content: Content, at: datetime, status: str, first: int, last: int
) -> Sequence[Any]:
    who = (content.advisor, "order", Jsonb({}), order.trace, content.advisor, at, first)
    text = (content.digest(), content.text(), content.tier, last)
    return (order.proposal, content.household, *who, status, content.valid_for, *text)


def _leg(order: ReleasedOrder, content: Content, released_seq: int | None) -> Sequence[Any]:
    (leg,) = content.legs
    lots = Jsonb([choice.model_dump(mode="json") for choice in leg.lots])
    terms = (order.order_type.value, order.limit_price, order.time_in_force.value, lots)
    band: tuple[object, ...] = (leg.reference_price, leg.band_low, leg.band_high, [], False)
    what = (order.id, content.advisor, order.account, order.symbol, order.side.value, order.quantity)
    released = (released_seq, order.quantity if released_seq else None)
    return (order.proposal, 0, *what, *terms, *band, *released)
