"""What weighs most in a household or account, over all of its accounts and in each, beside its own limit.

Rule 1: every figure is core's of one picture; a tool only arranges it.
Rule 2: one company's share is what concentrates. A fund is shown, marked as one, and held against no limit.
Rule 3: the limit is the one that the account's investment policy statement names; where it names none, none
    is said: the firm's own is asked when a purchase is drafted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pydantic import Field

from core.book.picture import Account, Market
from core.fact import Amount
from core.ids import AccountId, HouseholdId, Symbol
from core.money import to_cents
from core.plan.preview import worth
from core.plan.series import worth_by_symbol
from core.risk.standing import FUND_KINDS
from tools.clients import About, scope
from tools.contract import Ask, Call, Effect, Sourced, Tool

HUNDRED: Final = Decimal(100)
MOST: Final = 12


class Weighing(Ask):
    """`weight` is per cent of all that is asked about, `largest` of the account in which it is most."""

    symbol: Symbol
    name: str
    fund: bool
    value: Amount  # dollars
    weight: Amount
    account: AccountId
    largest: Amount
    limit: Amount | None  # per cent of that account, for one company
    over_limit: bool
    unrealised_gain: Amount


class Concentrations(Sourced):
    """The largest first. `companies` and `funds` are per cent of everything asked about; the rest is cash."""

    household: HouseholdId
    name: str
    total_value: Amount
    companies_percent: Amount
    funds_percent: Amount
    positions: tuple[Weighing, ...] = Field(max_length=MOST)
    holdings: int
    over_limit: tuple[Symbol, ...]


async def concentration(ask: About, call: Call) -> Concentrations:
    """What weighs most in a household or account: each holding's share of all of it, the account in which it
    weighs most, and that account's own limit for one company.

    Name a household, an account, or neither for the thread's own household. Reads only; recommends nothing.
    """
    found = await scope(ask, call)
    market = found.picture.market
    whole = sum((worth(account, market) for account in found.accounts), Decimal(0))
    held = worth_by_symbol(found.accounts, market)
    rows = sorted(
        (_weighing(symbol, dollars, whole, found.accounts, market) for symbol, dollars in held.items()),
        key=lambda row: (-row.value, row.symbol),
    )
    funds = sum((row.value for row in rows if row.fund), Decimal(0))
    companies = sum((row.value for row in rows if not row.fund), Decimal(0))
    return Concentrations(
        source=found.source,
        as_of=market.now,
        household=found.named.household,
        name=found.named.name,
        total_value=to_cents(whole),
        companies_percent=_percent(companies, whole),
        funds_percent=_percent(funds, whole),
        positions=tuple(rows[:MOST]),
        holdings=len(rows),
        over_limit=tuple(row.symbol for row in rows if row.over_limit),
    )


def _weighing(
    symbol: Symbol, dollars: Decimal, whole: Decimal, accounts: tuple[Account, ...], market: Market
) -> Weighing:
    each = {a.id: _share(_of(a, symbol, market), worth(a, market)) for a in accounts}
    most = max(accounts, key=lambda account: (each[account.id], account.id))
    instrument = market.instruments[symbol]
    fund = instrument.kind in FUND_KINDS
    limit = most.ips.max_issuer_weight if most.ips and not fund else None
    price = market.prices[symbol].price
    lots = [lot for account in accounts for lot in account.lots if lot.symbol == symbol]
    return Weighing(
        symbol=symbol,
        name=instrument.name,
        fund=fund,
        value=to_cents(dollars),
        weight=_percent(dollars, whole),
        account=most.id,
        largest=to_cents(each[most.id] * HUNDRED),
        limit=to_cents(limit * HUNDRED) if limit is not None else None,
        over_limit=limit is not None and each[most.id] > limit,
        unrealised_gain=to_cents(
            sum(((price - lot.cost_per_share) * lot.quantity for lot in lots), Decimal(0))
        ),
    )


def _of(account: Account, symbol: Symbol, market: Market) -> Decimal:
    return worth_by_symbol((account,), market).get(symbol, Decimal(0))


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return to_cents(_share(part, whole) * HUNDRED)


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole if whole else Decimal(0)


CONCENTRATION: Final = Tool("concentration", About, Effect.READ, concentration)
