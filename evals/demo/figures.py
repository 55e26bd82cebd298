"""The demo's figures, each with the query that it was computed by and what it must be.

Rule 1: a figure is computed from the record and the venues' ledgers, never from what the story remembers.
Rule 2: the record is read with the worker's login, which sees all of it and can change none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from core.book import positions
from core.database.logins import GATE
from core.fact import Sealed
from core.firm.demo import SEED, founding
from core.firm.events import LotReceived
from core.ids import SubjectId, TraceId
from core.ledger.envelope import stored
from evals.demo.ledgers import Fact, executed, record_of, self_approvals, without_release
from evals.demo.scene import Scene
from evals.world import VENUES

JOURNAL: Final = "select seq, recorded_at, role, actor, event_type, text from gatehouse.journal order by seq"
POSITIONS: Final = "select account, symbol, quantity from gatehouse.position"
COUNTED: Final = "select count(*) from gatehouse.journal where event_type = "
COUNTED_ALL: Final = "select count(*) from gatehouse.journal"
BY_VENUES: Final = (
    f"opening lots of core.firm.demo.founding({SEED}) and the executions in the venues' ledgers"
)
FILLED: Final = """
select count(*) from (
    select r.text::jsonb->'payload'->>'order' as id, (r.text::jsonb->'payload'->>'quantity')::numeric as asked
    from gatehouse.journal r where r.event_type = 'OrderReleased') as released
where asked = (select sum((f.text::jsonb->'payload'->>'quantity')::numeric) from gatehouse.journal f
               where f.event_type = 'OrderFilled' and f.stream = 'order/' || released.id)
"""
MODEL: Final = """
select string_agg(distinct text::jsonb->'payload'->>'model', ', ') from gatehouse.journal
where event_type = 'AnswerGiven'
"""

Shares = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Figure:
    """`must` is in words. `why` names what does not hold, where it is known."""

    name: str
    value: Any
    query: str
    must: str
    holds: bool
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What the story did, which the counts must come to."""

    drafted: int
    submitted: int
    approved: int
    consents: int
    orders: int


def figures(scene: Scene, told: Told, *, seconds: float) -> tuple[Figure, ...]:
    with scene.world.connection(GATE) as connection:
        rows = connection.execute(JOURNAL).fetchall()
        held = {(r["account"], r["symbol"]): r["quantity"] for r in connection.execute(POSITIONS).fetchall()}
        model = next(iter((connection.execute(MODEL).fetchone() or {}).values()))
    facts = [
        Fact(row["seq"], row["actor"], row["event_type"], json.loads(row["text"])["payload"]) for row in rows
    ]
    return (
        _counted(scene, "proposals_drafted", "'ProposalDrafted'", told.drafted),
        _counted(scene, "submitted", "'ProposalSubmitted'", told.submitted),
        _counted(scene, "approved", "'ProposalApproved'", told.approved),
        _counted(scene, "declined", "'ProposalDeclined'", 1),
        _counted(
            scene,
            "denied_at_release",
            "'ProposalDenied' and text::jsonb->'payload'->>'at' = 'release'",
            1,
        ),
        _counted(scene, "consents", "'ConsentRecorded'", told.consents),
        _at_least(scene, "orders_filled", FILLED, told.orders),
        *_venues(scene, facts),
        Figure("journal_entries", len(rows), COUNTED_ALL, "more than 0", bool(rows)),
        _verified(scene),
        _positions(scene, rows, held),
        Figure("model", model, MODEL, "named", bool(model)),
        Figure("seconds", seconds, "from the first line of the demo to its figures", "measured", True),
    )  # fmt: skip


def _counted(scene: Scene, name: str, which: str, must: int) -> Figure:
    value = scene.count(COUNTED + which, {})
    return Figure(name, value, COUNTED + which, str(must), value == must)


def _at_least(scene: Scene, name: str, question: str, must: int) -> Figure:
    value = scene.count(question, {})
    return Figure(name, value, question, f"{must} or more", value >= must > 0)


def _venues(scene: Scene, facts: Sequence[Fact]) -> tuple[Figure, ...]:
    messages, record = scene.messages(), record_of(facts)
    stray, own = without_release(messages, record), self_approvals(record)
    files = f"lines of kind 'message' in the ledgers of {', '.join(VENUES)}"
    return (
        Figure("venue_messages", len(messages), files, "more than 0", bool(messages)),
        Figure(
            "venue_messages_without_release",
            len(stray),
            f"evals.demo.ledgers.without_release: {files}, joined to: {JOURNAL}",
            "0",
            not stray,
            tuple(stray),
        ),
        Figure(
            "self_approvals",
            len(own),
            f"evals.demo.ledgers.self_approvals: {JOURNAL}",
            "0",
            not own,
            tuple(own),
        ),
    )


def _verified(scene: Scene) -> Figure:
    done = scene.world.run("audit", "verify", "--json")
    found = json.loads(done.stdout or "{}")
    faults = tuple(f"entry {fault['seq']}: {fault['says']}" for fault in found.get("faults", ()))
    holds = bool(found.get("ok")) and found.get("heads", 0) > 0
    why = faults or (() if holds else (done.stderr.strip() or "no head was signed",))
    must = "True, with signed heads"
    return Figure("journal_verified", holds, "gatehouse audit verify --json", must, holds, why)


def _positions(scene: Scene, rows: Sequence[Mapping[str, Any]], held: Shares) -> Figure:
    kinds = ("LotReceived", "OrderFilled")
    folded = positions.fold(stored(dict(row)).fact for row in rows if row["event_type"] in kinds)
    by_fold: Shares = {
        (account, symbol): shares for account, one in folded.items() for symbol, shares in one.shares.items()
    }
    by_venues = _opening()
    for place, shares in executed(line for venue in VENUES for line in scene.world.ledger(venue)).items():
        by_venues[place] = by_venues.get(place, Decimal(0)) + shares
    by_venues = {place: shares for place, shares in by_venues.items() if shares}
    why = _differ("stored", held, "fold", by_fold) + _differ("fold", by_fold, "venues", by_venues)
    query = f"{POSITIONS}; core.book.positions.fold of: {JOURNAL}; {BY_VENUES}"
    return Figure("positions_match_fold", not why, query, "True", not why and bool(held), why)


def _opening() -> dict[tuple[str, str], Decimal]:
    """Every opening lot of the demo firm, made again from its seed: the journal is not asked."""

    def unread(subject: SubjectId, field: str, clear: str) -> Sealed:
        return Sealed(subject=subject, key=1, sealed="")

    opening: dict[tuple[str, str], Decimal] = {}
    for entry in founding(SEED, unread, TraceId("0" * 32)):
        if isinstance(entry.fact, LotReceived):
            place = (entry.fact.account, entry.fact.symbol)
            opening[place] = opening.get(place, Decimal(0)) + entry.fact.quantity
    return opening


def _differ(one: str, ours: Shares, other: str, theirs: Shares) -> tuple[str, ...]:
    places = sorted(set(ours) | set(theirs))
    return tuple(
        f"{account} {symbol}: {ours.get((account, symbol), 0)} {one}, "
        f"{theirs.get((account, symbol), 0)} {other}"
        for account, symbol in places
        if ours.get((account, symbol), Decimal(0)) != theirs.get((account, symbol), Decimal(0))
    )
