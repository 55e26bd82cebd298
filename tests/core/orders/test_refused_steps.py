"""What is said of a step that is none: what was wrong with its values, then what would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from core.errors import BadInput, IllegalTransition
from core.ids import AccountId, Digest, OrderId, ProposalId
from core.orders import order as orders
from core.orders import proposal as proposals
from core.orders import trade as trades
from core.orders.block import BlockId, Method, shared
from core.orders.events import ProposalWithdrawn
from core.orders.order import Order
from core.orders.planning import Planning
from core.orders.proposal import Proposal
from core.orders.replacements import ReplacementSized
from core.orders.schedule import schedule_of
from core.orders.trade import Trade, allocated, confirmed
from tests.core import facts
from tests.core.household import PROPOSAL
from tests.core.orders.test_order_life import an_order, out
from tests.core.orders.test_proposal_life import after, approved, assessed, drafted, released, submitted
from tests.core.orders.test_trade_life import SOLD, executed

HELD: Final = an_order()
OUT: Final = out()
PART: Final = orders.evolve(OUT, facts.fill_of(OUT, 40))
PARTLY: Final = an_order(partly=True)


ANOTHERS: Final = facts.fill_of(OUT, 40).model_copy(update={"order": OrderId("o-9")})
ENDED: Final = ProposalWithdrawn(proposal=ProposalId("prp-9"))


def sized(order: Order, shares: str) -> ReplacementSized:
    return ReplacementSized.model_construct(
        order=order.id, replaces=OrderId("o-old"), executed=Decimal(0), quantity=Decimal(shares)
    )


ORDERS: Final[Mapping[str, tuple[Order, Any, str]]] = {
    "never sent": (
        *(HELD, facts.accepted(HELD)),
        (
            f"OrderAccepted of order '{HELD.id}', which was never sent; stop: find out what the venue "
            "is talking "
            "about"
        ),
    ),
    "no step": (
        *(OUT, facts.released(OUT)),
        "OrderReleased cannot follow SENT; look the order up at its venue before anything else",
    ),
    "another order": (
        *(OUT, facts.cancel_requested(OUT).model_copy(update={"order": "o-9"})),
        (
            f"CancelRequested(order='o-9') does not fit order '{OUT.id}' of account 'acc-1'; fold each order "
            "by itself"
        ),
    ),
    "a fill of another order of the same account": (
        *(OUT, ANOTHERS),
        f"{ANOTHERS!r} does not fit order '{OUT.id}' of account 'acc-1'; fold each order by itself",
    ),
    "the end of another proposal": (
        *(HELD, ENDED),
        f"{ENDED!r} does not fit order '{HELD.id}' of account 'acc-1'; fold each order by itself",
    ),
    "a share more than the leg": (
        *(PARTLY, facts.released(PARTLY, Decimal(101))),
        (
            "a release of 101 shares does not fit a leg of 100; release the leg's quantity, or fewer "
            "where the leg "
            "allows it"
        ),
    ),
    "none of a leg that may be fewer": (
        *(PARTLY, facts.released(PARTLY).model_copy(update={"quantity": Decimal(0)})),
        (
            "a release of 0 shares does not fit a leg of 100; release the leg's quantity, or fewer "
            "where the leg "
            "allows it"
        ),
    ),
    "a fill beyond what is open": (
        *(PART, facts.fill_of(PART, 61, "e2")),
        "a fill of 61 shares is larger than the 60 that are open; reconcile with the venue before booking it",
    ),
    "a correction of nothing": (
        *(PART, facts.busted(facts.fill_of(PART, 40, "e9"))),
        (
            f"TradeBusted of execution 'e9' does not fit order '{PART.id}'; book the execution first; "
            "it adds no "
            "more than what is open"
        ),
    ),
    "less left than was done": (
        *(PART, sized(PART, "39")),
        (
            "39 of 100 shares cannot be left: 40 are filled; reconcile both orders with the venue "
            "before booking it"
        ),
    ),
    "none left": (
        *(OUT, sized(OUT, "0")),
        (
            "0 of 100 shares cannot be left: 0 are filled; reconcile both orders with the venue before "
            "booking it"
        ),
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_says_why_that_is_no_step(name: str) -> None:
    order, event, says = ORDERS[name]
    with pytest.raises(IllegalTransition) as refused:
        orders.evolve(order, event)
    assert str(refused.value) == says


def test_an_event_of_an_order_that_nobody_assessed_is_refused_by_its_name() -> None:
    says = f"OrderRouted of order '{OUT.id}', which was never assessed; fold the proposal's assessment first"
    with pytest.raises(IllegalTransition) as refused:
        orders.fold([facts.routed(OUT)])
    assert str(refused.value) == says


ROAD: Final = (drafted(), assessed(), submitted(), approved(), released(0))
WAITING: Final = after(drafted(), assessed(needs_consent=True), submitted(), approved())
READ_AGAIN: Final = "read the proposal again and act on its present status"
PROPOSALS: Final[Mapping[str, tuple[Proposal | None, Any, str]]] = {
    "before its draft": (None, approved(), f"ProposalApproved cannot follow nothing; {READ_AGAIN}"),
    "too early": (after(drafted()), approved(), f"ProposalApproved cannot follow DRAFTED; {READ_AGAIN}"),
    "another proposal": (
        *(after(drafted()), assessed().model_copy(update={"proposal": ProposalId("prp-9")})),
        f"ProposalAssessed of proposal 'prp-9' came to '{PROPOSAL}'; fold each stream by itself",
    ),
    "another digest": (
        *(after(*ROAD[:2]), submitted(Digest("b" * 64))),
        (
            f"ProposalSubmitted of proposal '{PROPOSAL}' is of another digest; decide on the text that was "
            "assessed"
        ),
    ),
    "a leg twice": (
        *(after(*ROAD), released(0)),
        f"leg 0 of proposal '{PROPOSAL}' is out already; release each leg once",
    ),
    "no consent yet": (
        *(WAITING, released(0)),
        f"proposal '{PROPOSAL}' waits for the client's consent; record the consent first",
    ),
}


@pytest.mark.parametrize("name", PROPOSALS)
def test_a_proposal_says_why_that_is_no_step(name: str) -> None:
    proposal, event, says = PROPOSALS[name]
    with pytest.raises(IllegalTransition) as refused:
        proposals.evolve(proposal, event)
    assert str(refused.value) == says


DONE: Final = executed()
ON: Final = "2022-12-29"
NOT_ADDED_UP: Final = "is not what its executions add up to; reconcile with the custodian before booking it"
TRADES: Final[Mapping[str, tuple[Trade | None, Any, str]]] = {
    "before its execution": (
        *(None, confirmed(DONE)),
        "TradeConfirmed cannot follow nothing; read the trade again: it has gone on, or it is not there yet",
    ),
    "too early": (
        *(DONE, confirmed(DONE)),
        "TradeConfirmed cannot follow EXECUTED; read the trade again: it has gone on, or it is not there yet",
    ),
    "another order": (
        *(DONE, allocated(DONE).model_copy(update={"order": "o-9"})),
        f"TradeAllocated of ('o-9', 'acc-1', '{ON}') came to trade 'o1' of {ON}; fold each trade by itself",
    ),
    "another account": (
        *(DONE, allocated(DONE).model_copy(update={"account": AccountId("acc-9")})),
        f"TradeAllocated of ('o1', 'acc-9', '{ON}') came to trade 'o1' of {ON}; fold each trade by itself",
    ),
    "another day": (
        *(DONE, allocated(DONE).model_copy(update={"trade_date": "2022-12-30"})),
        (
            f"TradeAllocated of ('o1', 'acc-1', '2022-12-30') came to trade 'o1' of {ON}; fold each trade by "
            "itself"
        ),
    ),
    "another's execution": (
        *(DONE, facts.filled(1, order="o-9", execution="e9")),
        f"OrderFilled of ('o-9', 'acc-1', '{ON}') came to trade 'o1' of {ON}; fold each trade by itself",
    ),
    "another's correction": (
        *(DONE, facts.busted(SOLD[0]).model_copy(update={"account": AccountId("acc-9")})),
        f"TradeBusted of ('o1', 'acc-9', '{ON}') came to trade 'o1' of {ON}; fold each trade by itself",
    ),
    "a cent off": (
        *(DONE, allocated(DONE).model_copy(update={"fees": Decimal("0.21")})),
        f"TradeAllocated of order 'o1' {NOT_ADDED_UP}",
    ),
    "another symbol": (
        *(DONE, allocated(DONE).model_copy(update={"symbol": "BBB"})),
        f"TradeAllocated of order 'o1' {NOT_ADDED_UP}",
    ),
    "the other side": (
        *(DONE, allocated(DONE).model_copy(update={"side": "buy"})),
        f"TradeAllocated of order 'o1' {NOT_ADDED_UP}",
    ),
    "another day of settlement": (
        *(DONE, allocated(DONE).model_copy(update={"settles_on": "2023-01-04"})),
        f"TradeAllocated of order 'o1' {NOT_ADDED_UP}",
    ),
    "a correction of nothing": (
        *(DONE, facts.busted(facts.filled(1, side=SOLD[0].side, execution="e9"))),
        "TradeBusted of execution 'e9', which order 'o1' never had; book the execution first",
    ),
}


@pytest.mark.parametrize("name", TRADES)
def test_a_trade_says_why_that_is_no_step(name: str) -> None:
    trade, event, says = TRADES[name]
    with pytest.raises(IllegalTransition) as refused:
        trades.evolve(trade, event)
    assert str(refused.value) == says


NOW: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "parts", "quantity", "left", "field", "says"),
    [
        (
            *(None, 3, 100, 60, "minutes"),
            (
                "an order over time needs both its time and its number of parts; say it like: over two "
                "hours in 12 "
                "parts"
            ),
        ),
        (60, 1, 100, 60, "parts", "1 parts are too few or too many; use 2 to 60"),
        (60, 61, 100, 60, "parts", "61 parts are too few or too many; use 2 to 60"),
        (60, 12, 11, 60, "parts", "11 shares do not go into 12 parts; ask for fewer parts"),
        (
            *(60, 2, 100, 59, "minutes"),
            (
                "60 minutes are longer than the session still is, which is 59 minutes; ask for a shorter "
                "time, or "
                "for the next session"
            ),
        ),
        (
            *(60, 2, 100, -5, "minutes"),
            (
                "60 minutes are longer than the session still is, which is 0 minutes; ask for a shorter "
                "time, or "
                "for the next session"
            ),
        ),
    ],
)
def test_an_order_over_time_that_cannot_be_names_its_field_and_the_way_out(
    minutes: int | None, parts: int, quantity: int, left: int, field: str, says: str
) -> None:
    asked = Planning.model_construct(minutes=minutes, parts=parts)
    close = NOW + timedelta(minutes=left, seconds=30)
    with pytest.raises(BadInput) as refused:
        schedule_of(asked, Decimal(quantity), now=NOW, close=close)
    assert (str(refused.value), refused.value.field) == (says, field)


def test_an_order_over_time_may_take_the_whole_session_and_as_many_parts_as_shares_or_lots() -> None:
    close = NOW + timedelta(minutes=60)
    found = schedule_of(Planning(minutes=60, parts=2), Decimal(2), now=NOW, close=close)
    assert found is not None
    assert (found.minutes, found.parts, found.lot) == (60, 2, Decimal(1))
    lots = schedule_of(Planning(minutes=60, parts=2), Decimal(200), now=NOW, close=close)
    assert lots is not None
    assert lots.lot == 100


@pytest.mark.parametrize(
    ("executed", "field", "says"),
    [
        (
            "1.6",
            "executed",
            "1.6 shares executed do not fit the 1.5 that were asked for; reconcile with the venue first",
        ),
        (
            "-0.1",
            "executed",
            "-0.1 shares executed do not fit the 1.5 that were asked for; reconcile with the venue first",
        ),
        ("0.55", "quantity", "0.55 is no multiple of 0.1; ask for whole steps"),
    ],
)
def test_what_cannot_be_shared_is_refused_in_numbers(executed: str, field: str, says: str) -> None:
    asked = {AccountId("a"): Decimal("0.5"), AccountId("b"): Decimal(1)}
    with pytest.raises(BadInput) as refused:
        shared(BlockId("blk-1"), asked, Decimal(executed), Method.PRO_RATA, step=Decimal("0.1"))
    assert (str(refused.value), refused.value.field) == (says, field)
