"""What a household holds, how far it is from its model, its cash, and who needs the advisor today.

Rule 1: every figure is computed by core from one picture; a tool only arranges it.
Rule 2: weights and drift are percentage points with a sign; money is dollars; shares are shares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import Field

from core.book.gains import term
from core.book.picture import Account, Lot, Market, ModelPortfolio, Picture, value
from core.fact import Amount
from core.ids import AccountId, HouseholdId, Symbol
from core.money import to_cents
from core.plan.assumptions import OUTFLOW_HORIZON
from core.plan.cash_needs import cash_need, spare_cash
from core.plan.distributions import last_trade_before
from core.plan.drift import beyond, largest_drift
from core.plan.drift import drift as drift_of
from core.plan.worklist import Need
from core.plan.worklist import worklist as worklist_of
from tools.clients import About, Named, book, scope
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool

HUNDRED: Final = Decimal(100)


class WorklistAsk(Ask):
    limit: int = Field(default=10, ge=1, le=50, description="rows at most")


class NeedLine(Ask):
    rank: int
    household: HouseholdId
    name: str
    account: AccountId | None
    reason: str
    says: str
    dollars: Amount


class Needs(Sourced):
    needs: tuple[NeedLine, ...]
    in_all: int
    households_looked_at: int


async def worklist(ask: WorklistAsk, call: Call) -> Needs:
    """Who needs the advisor today: the households of her book that need something, most pressing first.

    Each row has a reason and dollars. A household that needs nothing is not listed. Reads only.
    """
    pictures = await call.turn.desk.pictures()
    names = {named.household: named for named in await book(call.turn)}
    needs = worklist_of(pictures)
    return Needs(
        source=_source(pictures),
        as_of=pictures[0].market.now if pictures else call.turn.clock.now(),
        needs=tuple(_need(need, _name(names, need.household)) for need in needs[: ask.limit]),
        in_all=len(needs),
        households_looked_at=len(pictures),
    )


async def needs_of(about: About, call: Call) -> tuple[NeedLine, ...]:
    """What one household needs."""
    found = await scope(about, call)
    return tuple(_need(need, found.named.name) for need in worklist_of((found.picture,)))


def _need(need: Need, name: str) -> NeedLine:
    return NeedLine(
        rank=need.rank,
        household=need.household,
        name=name,
        account=need.account,
        reason=need.reason,
        says=need.says,
        dollars=to_cents(need.dollars),
    )


def _source(pictures: tuple[Picture, ...]) -> str:
    return f"book at entry {max((p.as_of_seq for p in pictures), default=0)}"


def _name(names: dict[HouseholdId, Named], household: HouseholdId) -> str:
    return names[household].name if household in names else household


class DriftLine(Ask):
    account: AccountId
    symbol: str  # "cash" for cash
    weight: Amount  # per cent of the account
    target: Amount  # per cent
    drift: Amount  # percentage points; positive is overweight
    tolerance: Amount  # percentage points: how far this one may be off


class AccountDrift(Ask):
    account: AccountId
    model: str
    tolerance: Amount  # percentage points
    relative_tolerance: Amount | None  # per cent of a holding's own target, where that is narrower
    largest: Amount  # percentage points, without sign
    in_tolerance: bool


class Drifts(Sourced):
    household: HouseholdId
    name: str
    accounts: tuple[AccountDrift, ...]
    lines: tuple[DriftLine, ...]
    without_model: tuple[AccountId, ...]


async def drift(ask: About, call: Call) -> Drifts:
    """How far each account is from its model portfolio, by holding, in percentage points.

    Name a household, an account, or neither for the thread's own household. Reads only; proposes nothing.
    """
    found = await scope(ask, call)
    market = found.picture.market
    managed = [account for account in found.accounts if account.model is not None]
    return Drifts(
        source=found.source,
        as_of=market.now,
        household=found.named.household,
        name=found.named.name,
        accounts=tuple(_account_drift(account, market) for account in managed),
        lines=tuple(line for account in managed for line in _drift_lines(account, market)),
        without_model=tuple(account.id for account in found.accounts if account.model is None),
    )


def _drift_lines(account: Account, market: Market) -> list[DriftLine]:
    model = _model(account)
    return [
        DriftLine(
            account=account.id,
            symbol=line.symbol,
            weight=to_cents(line.weight * HUNDRED),
            target=to_cents(line.target * HUNDRED),
            drift=to_cents((line.weight - line.target) * HUNDRED),
            tolerance=to_cents(model.tolerance_of(line.symbol) * HUNDRED),
        )
        for line in drift_of(account, market)
    ]


def _account_drift(account: Account, market: Market) -> AccountDrift:
    model, relative = _model(account), _model(account).relative_tolerance
    return AccountDrift(
        account=account.id,
        model=f"{model.name} (version {model.version})",
        tolerance=to_cents(model.tolerance * HUNDRED),
        relative_tolerance=None if relative is None else to_cents(relative * HUNDRED),
        largest=to_cents(largest_drift(account, market) * HUNDRED),
        in_tolerance=not beyond(account, market),
    )


def _model(account: Account) -> ModelPortfolio:
    if account.model is None:
        raise Refusal(f"{account.id} has no model portfolio", code="no_model")
    return account.model


class LotLine(Ask):
    lot: str
    shares: Amount
    cost_per_share: Amount
    acquired_on: str  # ISO date
    unrealised_gain: Amount  # dollars
    term: str = ""  # long or short, were it sold in this session


class HoldingLine(Ask):
    account: AccountId
    symbol: Symbol
    name: str
    shares: Amount
    price: Amount
    price_session: str  # ISO date
    value: Amount
    weight: Amount  # per cent of the account
    unrealised_gain: Amount
    lots: tuple[LotLine, ...]


class Holdings(Sourced):
    household: HouseholdId
    name: str
    holdings: tuple[HoldingLine, ...]
    cash: tuple[tuple[AccountId, Amount], ...]  # dollars, all of it


async def holdings(ask: About, call: Call) -> Holdings:
    """What a household or account holds: shares, price, value, weight, unrealised gain, and each tax lot.

    Name a household, an account, or neither for the thread's own household. Reads only.
    """
    found = await scope(ask, call)
    market = found.picture.market
    return Holdings(
        source=found.source,
        as_of=market.now,
        household=found.named.household,
        name=found.named.name,
        holdings=tuple(line for account in found.accounts for line in _holdings(account, market)),
        cash=tuple((a.id, to_cents(a.cash.settled + a.cash.unsettled + a.cash.held)) for a in found.accounts),
    )


def _holdings(account: Account, market: Market) -> Iterator[HoldingLine]:
    lots = defaultdict(list)
    for lot in account.lots:
        lots[lot.symbol].append(lot)
    worth = value(account, market)
    for symbol in account.symbols():
        yield _holding(account, symbol, market, lots[symbol], worth)


def _holding(
    account: Account, symbol: Symbol, market: Market, lots: Sequence[Lot], worth: Decimal
) -> HoldingLine:
    price = market.prices[symbol]
    shares = sum((lot.quantity for lot in lots), Decimal(0))
    gains = [(price.price - lot.cost_per_share) * lot.quantity for lot in lots]
    return HoldingLine(
        account=account.id,
        symbol=symbol,
        name=market.instruments[symbol].name,
        shares=shares,
        price=price.price,
        price_session=price.session.isoformat(),
        value=to_cents(shares * price.price),
        weight=to_cents(shares * price.price / worth * HUNDRED) if worth else Decimal(0),
        unrealised_gain=to_cents(sum(gains, Decimal(0))),
        lots=tuple(
            LotLine(
                lot=lot.id,
                shares=lot.quantity,
                cost_per_share=lot.cost_per_share,
                acquired_on=lot.acquired_on.isoformat(),
                unrealised_gain=to_cents(gain),
                term=term(acquired_on=lot.acquired_on, sold_on=market.session).value.lower(),
            )
            for lot, gain in zip(lots, gains, strict=True)
        ),
    )


class OutflowLine(Ask):
    """`last_trade_on`: a sale of that day still settles in time."""

    what: str
    amount: Amount
    due_on: str
    last_trade_on: str


class CashLine(Ask):
    account: AccountId
    settled: Amount
    unsettled: Amount
    held: Amount
    reserved: Amount
    available: Amount
    floor: Amount | None  # of the investment policy statement
    outflows: tuple[OutflowLine, ...]
    due_soon: Amount | None = None  # dollars due within 30 days
    spare: Amount | None = None  # what is left after what is due soon and the floor; negative: short


class CashLines(Sourced):
    household: HouseholdId
    name: str
    accounts: tuple[CashLine, ...]


async def cash(ask: About, call: Call) -> CashLines:
    """The cash of a household or account: settled, unsettled, held, reserved, available, floor, what is due.

    Name a household, an account, or neither for the thread's own household. Reads only; moves no money.
    """
    found = await scope(ask, call)
    return CashLines(
        source=found.source,
        as_of=found.picture.market.now,
        household=found.named.household,
        name=found.named.name,
        accounts=tuple(_cash(account, found.picture.market.session) for account in found.accounts),
    )


def _cash(account: Account, session: date) -> CashLine:
    need = cash_need(account, session=session, horizon=OUTFLOW_HORIZON)
    return CashLine(
        account=account.id,
        settled=to_cents(account.cash.settled),
        unsettled=to_cents(account.cash.unsettled),
        held=to_cents(account.cash.held),
        reserved=to_cents(account.cash.reserved),
        available=to_cents(account.cash.available),
        floor=account.ips.cash_floor if account.ips else None,
        outflows=tuple(
            OutflowLine(
                what=due.what,
                amount=due.amount,
                due_on=due.due_on.isoformat(),
                last_trade_on=last_trade_before(due.due_on).isoformat(),
            )
            for due in sorted(account.outflows, key=lambda due: (due.due_on, due.schedule))
        ),
        due_soon=to_cents(need.due),
        spare=to_cents(spare_cash(account, need)),
    )


WORKLIST: Final = Tool("worklist", WorklistAsk, Effect.READ, worklist)
DRIFT: Final = Tool("drift", About, Effect.READ, drift)
HOLDINGS: Final = Tool("holdings", About, Effect.READ, holdings)
CASH: Final = Tool("cash", About, Effect.READ, cash)
