"""Reconciliation: what venues and custodians say against the record, and who clears up what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from fastapi import APIRouter

from core.reconcile.door import Difference as Found
from core.reconcile.door import Run as Finished
from ui.api.doors import At, Ticket
from ui.api.fields import PathId, Told

router = APIRouter(tags=["reconciliation"])
WAITS = timedelta(seconds=20)
KINDS = ("order", "execution", "position", "cash", "settled_cash")


class Items(Told):
    """How many items of one kind were compared with one party, as `venue:ARCADIA`."""

    party: str
    kind: str
    items: int


class Run(Told):
    """A finished comparison. `unread` gave no answer: about them it says nothing."""

    run: str
    why: str
    session: date
    items: int
    compared: tuple[Items, ...]
    unread: tuple[str, ...]
    finished_at: datetime
    seq: int


class Difference(Told):
    """The record says `ours`, the party `theirs`. `owner` is a role until a person takes it."""

    difference: str
    party: str
    kind: str
    key: str
    account: str | None
    order: str | None
    ours: str
    theirs: str
    owner: str
    taken_by: str | None
    found_at: datetime
    age_seconds: int


class Counts(Told):
    """How many items of each kind were compared, with how many who answered, and how many did not."""

    order: int
    execution: int
    position: int
    cash: int
    settled_cash: int
    venues: int
    custodians: int
    unread: int
    differences: int


class Reconciled(Told):
    """The newest comparison, and everything that stands open: of your book where you see no more.

    `finished`: whether the comparison that was asked for is the one shown. `ok`: it is, everybody answered,
    and nothing differs. `counts` are the run's own, of the whole firm."""

    run: Run | None
    finished: bool
    ok: bool
    counts: Counts
    differences: tuple[Difference, ...]


class Taken(Told):
    seq: int
    repeated: bool


@router.get("/v1/reconciliation", response_model=Reconciled, summary="What differs now")
async def standing(at: At, ticket: Ticket) -> Reconciled:
    """The newest comparison of orders, executions, positions and cash."""
    run, found = await at.approval.reconciliation.standing(ticket)
    return _told(run, found, finished=run is not None)


@router.post("/v1/reconciliation", response_model=Reconciled, summary="Compare now")
async def ask(at: At, ticket: Ticket) -> Reconciled:
    """Operations, principals and compliance. Answers when the worker has compared, or after 20 seconds."""
    name = await at.approval.reconciliation.ask(ticket, wait=WAITS)
    run, found = await at.approval.reconciliation.standing(ticket, name)
    if run is not None:
        return _told(run, found, finished=True)
    run, found = await at.approval.reconciliation.standing(ticket)
    return _told(run, found, finished=False)


@router.post("/v1/differences/{difference}/take", response_model=Taken, summary="Take a difference on")
async def take(difference: PathId, at: At, ticket: Ticket) -> Taken:
    """It is yours to clear up: operations, principals and compliance."""
    recorded = await at.approval.reconciliation.take(ticket, difference)
    return Taken(seq=recorded.seq, repeated=recorded.duplicate)


def _told(run: Finished | None, found: Sequence[Found], *, finished: bool) -> Reconciled:
    counts = _counts(run)
    return Reconciled(
        run=None if run is None else _run(run),
        finished=finished,
        ok=run is not None and finished and not counts.unread and not counts.differences and not found,
        counts=counts,
        differences=tuple(
            Difference(
                difference=one.difference,
                party=one.party,
                kind=one.kind,
                key=one.key,
                account=one.account,
                order=one.order,
                ours=one.ours,
                theirs=one.theirs,
                owner=one.owner,
                taken_by=one.taken_by,
                found_at=one.found_at,
                age_seconds=int(one.age.total_seconds()),
            )
            for one in found
        ),
    )


def _counts(run: Finished | None) -> Counts:
    compared = () if run is None else run.compared
    kinds = {name: sum(one["items"] for one in compared if one["kind"] == name) for name in KINDS}
    answered = Counter(party.partition(":")[0] for party in {one["party"] for one in compared})
    return Counts(
        **kinds,
        venues=answered["venue"],
        custodians=answered["custodian"],
        unread=0 if run is None else len(run.unread),
        differences=0 if run is None else run.differences,
    )


def _run(run: Finished) -> Run:
    return Run(
        run=run.run,
        why=run.why,
        session=run.session,
        items=sum(one["items"] for one in run.compared),
        compared=tuple(Items(**one) for one in run.compared),
        unread=run.unread,
        finished_at=run.finished_at,
        seq=run.seq,
    )
