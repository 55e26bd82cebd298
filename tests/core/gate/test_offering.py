"""What is offered of an approved proposal: each order that may go, or the no of each that may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from core.book.picture import Picture
from core.book.replaced import Replaced
from core.book.views import ProposalView
from core.fact import Entry, PolicyDecision
from core.gate.offering import Waiting, offered, too_late
from core.ids import Digest, OrderId, Symbol, TraceId
from core.limits.events import ProposalReassessed
from core.limits.versions import InForce
from core.orders.content import Content, Leg
from core.orders.events import Finding, OrderDenied, OrderReleased, ProposalDenied, Request, Side
from core.risk.limits import DEFAULT_LIMITS
from core.risk.policies import POLICIES
from tests.core.household import (
    ACCOUNT,
    ADVISOR,
    HOUSEHOLD,
    PROPOSAL,
    account,
    cash,
    leg,
    lot,
    market,
    picture,
)

SELLS: Final = leg(0, Side.SELL, "AAA", 10, lots={"l1": "10"})
BUYS: Final = leg(1, Side.BUY, "BBB", 5, reference="50", low="49", high="51", limit="50")
OLD: Final = OrderId("gh-old")
SEQ: Final = 7  # the journal's, that the content was computed at
TRACE: Final = TraceId("t" * 32)
FUNDING: Final = "the sells that fund this buy brought too little for one share"
EACH: Final = tuple(PolicyDecision(policy=policy.code, result="pass") for policy in POLICIES)


def content(*legs: Leg) -> Content:
    return Content(
        proposal=PROPOSAL,
        household=HOUSEHOLD,
        advisor=ADVISOR,
        kind="order",
        legs=legs,
        needs_consent=False,
        tier=2,
        valid_for="2022-12-29",
        portfolio_seq=SEQ,
        policy_set=Digest("0" * 64),
        model_versions=(),
        findings=(),
    )


def view(of: Content) -> ProposalView:
    """As it was read, approved."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("preview", "agent", "thread", "submitted_by", "denied_at", "closing")
    )
    none: dict[str, Any] = dict.fromkeys(
        ("findings", "consents", "approved_by", "differences", "reasons", "orders"), ()
    )
    return ProposalView(
        **nothing,
        **none,
        proposal=PROPOSAL,
        household=HOUSEHOLD,
        advisor=ADVISOR,
        kind="order",
        status="APPROVED",
        request=Request(kind="rebalance", household=HOUSEHOLD),
        digest=of.digest(),
        content=of,
        tier=2,
        needs_consent=False,
        consented=False,
        drafted_by=ADVISOR,
        trace=TRACE,
        session=date(2022, 12, 29),
        waits_for="release",
        drafted_at=datetime(2022, 12, 29, 15, tzinfo=UTC),
        seq=3,
    )


def seen(
    *,
    restricted: Sequence[str] = (),
    halts: Sequence[str] = (),
    fractional: bool = False,
    reserved: Mapping[str, str] | None = None,
) -> Picture:
    lots = lot("l1", "AAA", 60), lot("l2", "AAA", 40)
    who = account(lots=lots, money=cash(10_000), reserved_lots=reserved)
    return picture(who, market=market(restricted=restricted, halts=halts, fractional=fractional))


def in_force(seq: int = 0) -> InForce:
    return InForce(4, Digest("1" * 64), seq, None, DEFAULT_LIMITS)


def asked(
    *legs: Leg,
    most: dict[int, str | None] | None = None,
    at: Picture | None = None,
    status: str = "APPROVED",
    limits: InForce | None = None,
    under: int | None = None,
) -> tuple[Entry, ...]:
    """`most`: of each leg that is not out, by its number; else all of them, whole."""
    of = content(*legs)
    free = {one.leg: str(one.quantity) for one in legs} if most is None else most
    may_go = {number: None if shares is None else Decimal(shares) for number, shares in free.items()}
    wanted = Waiting(PROPOSAL, status, 9, may_go)
    return offered(view(of), of, wanted, at or seen(), limits or in_force(), under)


def release(of: Content, one: Leg, **changed: Any) -> OrderReleased:
    """The leg's own terms, each of which people decided on."""
    fact = OrderReleased(
        order=one.order,
        proposal=PROPOSAL,
        leg=one.leg,
        digest=of.digest(),
        account=ACCOUNT,
        symbol=one.symbol,
        side=one.side,
        quantity=one.quantity,
        order_type=one.order_type,
        limit_price=one.limit_price,
        time_in_force=one.time_in_force,
        replaces=one.replaces,
        executed_before=None,
    )
    return fact.model_copy(update=changed)


def test_every_order_that_may_go_is_let_out_as_it_was_decided_on() -> None:
    of = content(SELLS, BUYS)
    assert asked(SELLS, BUYS) == tuple(
        Entry(
            f"order/{one.order}",
            release(of, one),
            TRACE,
            key=f"release/{one.order}",
            policy_decisions=EACH,
        )
        for one in (SELLS, BUYS)
    )


def test_what_is_out_or_waits_for_its_funding_or_its_time_is_not_offered() -> None:
    assert [entry.fact for entry in asked(SELLS, BUYS, most={1: "5"})] == [
        release(content(SELLS, BUYS), BUYS)
    ]
    assert [entry.fact for entry in asked(SELLS, BUYS, most={0: None, 1: "5"})] == [
        release(content(SELLS, BUYS), BUYS)
    ]
    assert asked(SELLS, BUYS, most={0: None, 1: None}) == ()


@pytest.mark.parametrize(
    ("partly", "most", "goes"),
    [
        (True, "70", "70"),
        (True, "79.5", "79.5"),
        (True, "1", "1"),
        (True, "0.5", "0.5"),
        (True, "80", "80"),
        (True, "81", "80"),
        (False, "70", "80"),  # its digest allows no fewer: the append says no to more than may go
    ],
)
def test_only_a_leg_that_says_so_carries_fewer_shares(partly: bool, most: str, goes: str) -> None:
    sells = leg(0, Side.SELL, "AAA", 80, lots={"l1": "60", "l2": "20"}, partly=partly)
    (entry,) = asked(sells, most={0: most}, at=seen(fractional=True))
    assert isinstance(entry.fact, OrderReleased)
    assert entry.fact.quantity == Decimal(goes)


@pytest.mark.parametrize(("most", "goes"), [("60", True), ("61", False)])
def test_fewer_shares_are_of_the_first_lots(most: str, goes: bool) -> None:
    """Nothing of the second lot is free: the sale goes as long as it takes the first alone."""
    sells = leg(0, Side.SELL, "AAA", 80, lots={"l1": "60", "l2": "20"}, partly=True)
    (entry,) = asked(sells, most={0: most}, at=seen(reserved={"l2": "40"}), status="RELEASED")
    assert isinstance(entry.fact, OrderReleased) is goes
    if isinstance(entry.fact, OrderDenied):
        assert entry.fact.differences == ("lot l2 has 0 shares free, and 1 would be taken",)


def test_a_breach_before_the_first_order_ends_the_whole_proposal() -> None:
    (entry,) = asked(SELLS, BUYS, at=seen(restricted=["BBB"]))
    fact = entry.fact
    assert isinstance(fact, ProposalDenied)
    assert (fact.proposal, fact.at) == (PROPOSAL, "release")
    assert fact.differences == ("purchases of BBB are not available at this time",)
    broken = [finding for finding in fact.findings if finding.result != "pass"]
    assert [(finding.policy, finding.leg) for finding in broken] == [("restricted", 1)]
    assert len(fact.findings) == len(POLICIES)
    assert (entry.stream, entry.trace, entry.key) == (f"proposal/{PROPOSAL}", TRACE, f"denied/{PROPOSAL}")
    assert [one for one in entry.policy_decisions if one.result != "pass"] == [
        PolicyDecision(policy="restricted", result="breach")
    ]


def test_a_breach_after_the_first_order_ends_the_order_that_it_is_about() -> None:
    sold, bought = asked(SELLS, BUYS, at=seen(restricted=["BBB"]), status="RELEASED")
    assert sold.fact == release(content(SELLS, BUYS), SELLS)
    assert PolicyDecision(policy="restricted", result="breach") not in sold.policy_decisions
    fact = bought.fact
    assert isinstance(fact, OrderDenied)
    assert (fact.order, fact.proposal, fact.leg) == (BUYS.order, PROPOSAL, 1)
    assert [finding.policy for finding in fact.findings] == ["restricted"]
    assert fact.differences == ("purchases of BBB are not available at this time",)
    assert (bought.stream, bought.trace, bought.key) == (
        f"order/{BUYS.order}",
        TRACE,
        f"denied/{BUYS.order}",
    )
    assert bought.policy_decisions == (PolicyDecision(policy="restricted", result="breach"),)


def test_a_halt_ends_nothing() -> None:
    for status in ("APPROVED", "RELEASED"):
        assert asked(SELLS, BUYS, at=seen(halts=["all"]), status=status) == ()


@pytest.mark.parametrize("status", ["APPROVED", "RELEASED"])
def test_a_buy_that_its_sells_brought_no_share_for_is_denied(status: str) -> None:
    bought = leg(1, Side.BUY, "BBB", 5, reference="50", low="49", high="51", partly=True)
    sold, denied = asked(SELLS, bought, most={0: "10", 1: "0"}, status=status)
    assert isinstance(sold.fact, OrderReleased)
    expected = Finding(policy="funding", result="breach", says=FUNDING, account=ACCOUNT, leg=1)
    assert denied.fact == OrderDenied(
        order=bought.order, proposal=PROPOSAL, leg=1, findings=(expected,), differences=(FUNDING,)
    )


def replacing(executed: str) -> Picture:
    live = Replaced(
        *(OLD, ACCOUNT, ADVISOR, Symbol("BBB"), Side.BUY, Decimal(10), Decimal(executed), ()),
        *(Decimal(0), Decimal(0), Decimal(0)),
    )
    return replace(seen(), replaced=live)


def test_an_order_in_anothers_place_says_what_that_one_had_executed() -> None:
    taking = BUYS.model_copy(update={"replaces": OLD, "executed_before": Decimal(0)})
    of = content(taking)
    (entry,) = asked(taking, most={1: "3"}, at=replacing("2"))
    assert entry.fact == release(of, taking, quantity=Decimal(3), executed_before=Decimal(2))
    (denied,) = asked(taking, most={1: "0"}, at=replacing("5"))
    says = "what was left of order gh-old has been executed"
    expected = Finding(policy="replaced_order", result="breach", says=says, account=ACCOUNT, leg=1)
    assert isinstance(denied.fact, OrderDenied)
    assert denied.fact.findings == (expected,)


@pytest.mark.parametrize(
    ("seq", "under", "said"),
    [(SEQ, None, False), (SEQ + 1, None, True), (SEQ + 1, 3, True), (SEQ + 1, 4, False)],
)
def test_limits_that_came_later_are_named_once_before_what_they_let_out(
    seq: int, under: int | None, said: bool
) -> None:
    entries = asked(SELLS, limits=in_force(seq), under=under)
    first = Entry(
        f"proposal/{PROPOSAL}",
        ProposalReassessed(proposal=PROPOSAL, digest=content(SELLS).digest(), limits=Digest("1" * 64)),
        TRACE,
        policy_decisions=EACH,
    )
    assert [entry for entry in entries if isinstance(entry.fact, ProposalReassessed)] == [first] * said
    assert isinstance(entries[-1].fact, OrderReleased)
    assert len(entries) == 1 + said


def test_a_tier_that_rose_ends_every_order_that_is_not_out() -> None:
    lower = replace(DEFAULT_LIMITS, principal_dollars=Decimal("999.99"))
    limits = replace(in_force(SEQ + 1), limits=lower)
    entries = asked(SELLS, BUYS, limits=limits, status="RELEASED")
    denied = [entry.fact for entry in entries if isinstance(entry.fact, OrderDenied)]
    assert [(fact.leg, [finding.policy for finding in fact.findings]) for fact in denied] == [
        (0, ["tier"]),
        (1, ["tier"]),
    ]
    assert not [entry for entry in entries if isinstance(entry.fact, OrderReleased)]


def test_what_the_time_of_an_order_is_over_for_is_denied_part_by_part() -> None:
    of = content(SELLS, BUYS)
    (entry,) = too_late(view(of), of, Waiting(PROPOSAL, "RELEASED", 9, {1: Decimal(5)}, over=True))
    says = "the order's time was over, or it was stopped, before this part left"
    expected = Finding(policy="schedule", result="breach", says=says, account=ACCOUNT, leg=1)
    assert entry.fact == OrderDenied(
        order=BUYS.order, proposal=PROPOSAL, leg=1, findings=(expected,), differences=(says,)
    )
    assert entry.key == f"denied/{BUYS.order}"
