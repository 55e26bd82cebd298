"""A long journal for benches: thousands of accounts, their conversations, proposals, orders and trades.

Rule 1: every fact is one that the product writes, in an order that it can happen in; the same seed, the same
    facts. Ids, prices and sealed words are made up.
Rule 2: two fifths are conversations and agents' steps, a tenth decisions, half orders and trades.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Final

from core.fact import Fact, Sealed, Words
from core.firm import events as firm
from core.ids import (
    AccountId,
    CustodianId,
    Digest,
    HouseholdId,
    LotId,
    MessageId,
    PersonId,
    ProposalId,
    SubjectId,
    Symbol,
    ThreadId,
    TraceId,
    VenueName,
    order_id_for,
)
from core.market.events import BusinessDayClosed, BusinessDayOpened
from core.orders import trade
from core.orders.content import Content, Leg, LotChoice
from core.orders.events import (
    OrderAccepted,
    OrderFilled,
    OrderReleased,
    OrderRouted,
    OrderSent,
    OrderType,
    ProposalApproved,
    ProposalAssessed,
    ProposalDrafted,
    ProposalSubmitted,
    Request,
    RouteScore,
    Side,
    TimeInForce,
)
from core.people.events import (
    AnswerGiven,
    DecisionTaken,
    MessageReceived,
    ObservationMade,
    StepTaken,
    ThreadOpened,
    ToolCalled,
)

FIRST_DAY: Final = date(2000, 1, 3)
PROPOSALS_A_DAY: Final = 2_000
SHARES: Final = Decimal(2)
LOTS: Final = 8  # that an account opens with
SYMBOLS: Final = tuple(Symbol(f"SYM{n}") for n in range(40))
VENUE: Final = VenueName("ARCADIA")
CUSTODIAN: Final = CustodianId("cus-1")
NO_DIGEST: Final = Digest("0" * 64)
WORDS: Final = Sealed(subject=SubjectId("hh-1"), key=1, sealed="QUFB" * 60)

Said = tuple[str, TraceId, Fact]  # stream, trace, fact


@dataclass(slots=True)
class _Firm:
    households: int
    random: Random
    session: date = FIRST_DAY
    unsettled: list[tuple[TraceId, trade.Trade]] = field(default_factory=list)


def lives(*, households: int, seed: int) -> Iterator[Said]:
    """Without end. The founding comes first, ten entries for each of two accounts a household."""
    made = _Firm(households, Random(seed))  # noqa: S311 - a bench, no secret
    yield from _founding(made)
    for number in count():
        if number % PROPOSALS_A_DAY == 0:
            yield from _next_day(made)
        yield from _proposal(made, number)


def _founding(made: _Firm) -> Iterator[Said]:
    trace = TraceId("f" * 32)
    yield (
        "firm",
        trace,
        firm.FirmFounded(firm="bench", seed=1, synthetic=True, last_close=FIRST_DAY.isoformat()),
    )
    appointed = firm.CustodianAppointed(
        custodian=CUSTODIAN, name="One", venues=(VENUE,), fractional_shares=False, ticket_fee=Decimal(1)
    )
    yield f"custodian/{CUSTODIAN}", trace, appointed
    for number in range(made.households):
        household, advisor = HouseholdId(f"hh-{number}"), PersonId(f"adv-{number % 50}")
        opened = firm.HouseholdOpened(household=household, name=WORDS, advisor=advisor, clients=())
        yield f"household/{household}", trace, opened
        for account in _accounts(number):
            for fact in _account(account, household, advisor, made.random):
                yield f"account/{account}", trace, fact


def _accounts(household: int) -> Sequence[AccountId]:
    return AccountId(f"acc-{household}-0"), AccountId(f"acc-{household}-1")


def _account(account: AccountId, household: HouseholdId, advisor: PersonId, random: Random) -> Iterator[Fact]:
    yield firm.AccountOpened(
        account=account,
        household=household,
        advisor=advisor,
        owners=(SubjectId(f"cl-{household}"),),
        kind="taxable",
        capacity="advisory",
        discretionary=True,
        custodian=CUSTODIAN,
        status="open",
        model=None,
        opened_on=FIRST_DAY.isoformat(),
    )
    for lot in range(LOTS):
        yield firm.LotReceived(
            account=account,
            lot=LotId(f"lot-{account}-{lot}"),
            symbol=SYMBOLS[lot],
            quantity=Decimal(10_000),
            cost_per_share=_price(random),
            acquired_on="1999-06-01",
        )
    until = (FIRST_DAY + timedelta(days=3)).isoformat() if random.random() < 0.1 else None
    yield firm.CashDeposited(account=account, deposit="d-0", amount=Decimal("250000.00"), held_until=until)


def _next_day(made: _Firm) -> Iterator[Said]:
    """The close, what settles, and the next opening."""
    trace = TraceId("d" * 32)
    if made.session != FIRST_DAY:
        closed = BusinessDayClosed(session=made.session.isoformat(), at=_at(made.session, 21))
        yield "market", trace, closed
    for of, done in made.unsettled:
        yield f"trade/{done.order}/{done.trade_date}", of, trade.settled(done)
    made.unsettled.clear()
    made.session += timedelta(days=1)
    opened = BusinessDayOpened(session=made.session.isoformat(), at=_at(made.session, 15))
    yield "market", trace, opened


def _proposal(made: _Firm, number: int) -> Iterator[Said]:
    """From the advisor's message to the confirmation: a sell, and a buy that it funds."""
    trace = TraceId(f"{number:032x}")
    household = made.random.randrange(made.households)
    content = _content(made, number, household)
    yield from ((f"thread/thr-{number}", trace, fact) for fact in _conversation(number, household))
    for decided in _decisions(content, number, household):
        yield f"proposal/{content.proposal}", trace, decided
    for leg in content.legs:
        fills = _fills(made, leg)
        for fact in (*_order(content, leg), *fills):
            yield f"order/{leg.order}", trace, fact
        (done,) = trade.fold(fills).values()
        for step in (trade.allocated, trade.confirmed):
            fact = step(done)
            done = trade.evolve(done, fact)
            yield f"trade/{leg.order}/{done.trade_date}", trace, fact
        made.unsettled.append((trace, done))


def _conversation(number: int, household: int) -> Iterator[Fact]:
    thread, message = ThreadId(f"thr-{number}"), MessageId(f"msg-{number}")
    yield ThreadOpened(thread=thread, household=HouseholdId(f"hh-{household}"))
    yield MessageReceived(thread=thread, message=message, text=WORDS)
    for turn in range(4):
        yield from _turn(thread, f"call-{number}-{turn}")
    yield AnswerGiven(thread=thread, message=message, text=WORDS, model="a model of some name")


def _turn(thread: ThreadId, call: str) -> Iterator[Fact]:
    """An agent plans, asks a tool, reads its answer and decides."""
    yield StepTaken(thread=thread, agent="portfolio", step="plan", model="a model of some name", took_ms=7)
    yield ToolCalled(
        thread=thread,
        call=call,
        agent="portfolio",
        tool="holdings",
        ask=WORDS,
        outcome="answered",
        source="the book",
        took_ms=3,
    )
    read = Words(sealed=WORDS)
    yield ObservationMade(
        thread=thread, call=call, agent="portfolio", tool="holdings", outcome="answered", words=read
    )
    yield DecisionTaken(thread=thread, agent="portfolio", decision="ask", because="model_chose")


def _decisions(content: Content, number: int, household: int) -> Iterator[Fact]:
    asked = Request(kind="rebalance", household=HouseholdId(f"hh-{household}"))
    yield ProposalDrafted(
        proposal=content.proposal, request=asked, thread=ThreadId(f"thr-{number}"), agent="a"
    )
    digest = content.digest()
    yield ProposalAssessed(
        proposal=content.proposal,
        content=content.text(),
        digest=digest,
        tier=1,
        needs_consent=False,
        findings=(),
        preview='{"accounts":[],"rows":[]}',
    )
    yield ProposalSubmitted(proposal=content.proposal, digest=digest)
    yield ProposalApproved(proposal=content.proposal, digest=digest)


def _content(made: _Firm, number: int, household: int) -> Content:
    account = made.random.choice(_accounts(household))
    proposal = ProposalId(f"prp-{number:032x}")
    lot = number % LOTS
    sold = LotChoice(lot=LotId(f"lot-{account}-{lot}"), quantity=SHARES)
    return Content(
        proposal=proposal,
        household=HouseholdId(f"hh-{household}"),
        advisor=PersonId(f"adv-{household % 50}"),
        kind="rebalance",
        legs=(
            _leg(proposal, 0, account, SYMBOLS[lot], Side.SELL, (sold,)),
            _leg(proposal, 1, account, made.random.choice(SYMBOLS[LOTS:]), Side.BUY, ()),
        ),
        needs_consent=False,
        tier=1,
        valid_for=made.session.isoformat(),
        portfolio_seq=1,
        policy_set=NO_DIGEST,
        model_versions=("growth@3",),
        findings=(),
    )


def _leg(
    proposal: ProposalId,
    number: int,
    account: AccountId,
    symbol: Symbol,
    side: Side,
    chosen: tuple[LotChoice, ...],
) -> Leg:
    return Leg(
        leg=number,
        order=order_id_for(proposal, number),
        account=account,
        symbol=symbol,
        side=side,
        quantity=SHARES,
        order_type=OrderType.MARKET,
        limit_price=None,
        time_in_force=TimeInForce.DAY,
        lots=chosen,
        reference_price=Decimal(100),
        band_low=Decimal(95),
        band_high=Decimal(105),
        funded_by=(0,) if number else (),
        may_release_less=bool(number),
    )


def _order(content: Content, leg: Leg) -> Iterator[Fact]:
    yield OrderReleased(
        order=leg.order,
        proposal=content.proposal,
        leg=leg.leg,
        digest=content.digest(),
        account=leg.account,
        symbol=leg.symbol,
        side=leg.side,
        quantity=leg.quantity,
        order_type=leg.order_type,
        limit_price=leg.limit_price,
        time_in_force=leg.time_in_force,
    )
    scores = (RouteScore(venue=VENUE, score=Decimal("0.91"), expected_cost=Decimal("0.02"), says="chosen"),)
    yield OrderRouted(order=leg.order, venue=VENUE, scores=scores)
    yield OrderSent(order=leg.order, venue=VENUE, body_digest=NO_DIGEST)
    yield OrderAccepted(order=leg.order, venue=VENUE, venue_order=f"v-{leg.order}")


def _fills(made: _Firm, leg: Leg) -> tuple[OrderFilled, ...]:
    """Two executions, each of one share."""
    return tuple(
        OrderFilled(
            order=leg.order,
            account=leg.account,
            symbol=leg.symbol,
            side=leg.side,
            execution=f"ex-{leg.order}-{part}",
            quantity=Decimal(1),
            price=_price(made.random),
            fee=Decimal("0.01"),
            venue=VENUE,
            executed_at=_at(made.session, 16),
            trade_date=made.session.isoformat(),
            settles_on=(made.session + timedelta(days=1)).isoformat(),
        )
        for part in range(2)
    )


def _price(random: Random) -> Decimal:
    return Decimal(random.randrange(5_000, 20_000)) / 100


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
