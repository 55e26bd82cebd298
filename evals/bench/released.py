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
from core.orders.events import OrderReleased
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

    def write(self, decided: Sequence[tuple[ReleasedOrder, Content]], *, at: datetime) -> None:
        """Their decisions and releases. Nobody may append meanwhile."""
        head = self._superuser.execute("select seq, digest from gatehouse.head").fetchone()
        if head is not None:
            self._seq, self._digest = head["seq"], bytes(head["digest"])
        rows: list[Sequence[Any]] = []
        released: list[tuple[ReleasedOrder, Content, int]] = []
        for order, content in decided:
            versions: dict[str, int] = {}
            for who, fact in decisions(order, content):
                rows.append(self._entry(order, who, fact, versions, at))
                if isinstance(fact, OrderReleased):
                    released.append((order, content, self._seq))
        with self._superuser.transaction():
            self._copy(f"journal ({COLUMNS})", rows)
            heads = {row[8]: row[9] for row in rows}
            self._copy("stream_head (stream, version)", heads.items())
            self._copy(PROPOSAL, (_proposal(one, content, seq, at) for one, content, seq in released))
            self._copy(LEG, (_leg(one, content, seq) for one, content, seq in released))
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


def _proposal(order: ReleasedOrder, content: Content, seq: int, at: datetime) -> Sequence[Any]:
    who = (content.advisor, "order", Jsonb({}), order.trace, content.advisor, at, seq - 4)
    text = (content.digest(), content.text(), content.tier, seq)
    return (order.proposal, content.household, *who, "RELEASED", content.valid_for, *text)


def _leg(order: ReleasedOrder, content: Content, seq: int) -> Sequence[Any]:
    (leg,) = content.legs
    lots = Jsonb([choice.model_dump(mode="json") for choice in leg.lots])
    terms = (order.order_type.value, order.limit_price, order.time_in_force.value, lots)
    band: tuple[object, ...] = (leg.reference_price, leg.band_low, leg.band_high, [], False)
    what = (order.id, content.advisor, order.account, order.symbol, order.side.value, order.quantity)
    return (order.proposal, 0, *what, *terms, *band, seq, order.quantity)
