"""Questions about all of an advisor's book: its households side by side, who holds something, what is due.

Rule 1: every figure is core's of one picture; a tool only arranges and adds up.
Rule 2: a thread that is pinned to a household speaks of that household alone, so it is told nothing here.
Rule 3: a holding without a price counts for nothing, and is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from core.book.picture import Account, Market, Picture
from core.fact import Amount
from core.ids import AccountId, HouseholdId, Symbol
from core.money import to_cents
from core.plan.cash_needs import cash_need, spare_cash
from core.plan.distributions import last_trade_before
from core.plan.drift import largest_drift, out_of_tolerance
from core.plan.preview import worth
from core.plan.series import worth_by_symbol
from tools.clients import Named, book, by_name
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool
from tools.symbols import known_symbol

HUNDRED: Final = Decimal(100)


class BookAsk(Ask):
    """Leave it empty for all of her book."""

    households: tuple[str, ...] = Field(
        default=(), max_length=12, description="only these, by name as the advisor writes it, or id"
    )


class BookRow(Ask):
    household: HouseholdId
    name: str
    accounts: int
    value: Amount  # dollars
    cash_available: Amount
    largest_drift_points: Amount | None  # None: no account of it follows a model
    out_of_tolerance: tuple[AccountId, ...]


class BookSummary(Sourced):
    """`out_of_tolerance` counts households with an account outside the tolerance of its model."""

    households: int
    clients: int
    accounts: int
    total_value: Amount
    total_cash_available: Amount
    out_of_tolerance: int
    rows: tuple[BookRow, ...]
    without_price: tuple[Symbol, ...]


async def book_summary(ask: BookAsk, call: Call) -> BookSummary:
    """The advisor's whole book side by side: value, cash, drift and tolerance of each household, with totals;
    or some of its households beside each other.

    For questions about many clients at once. Reads only; no household outside her book is in it.
    """
    pictures, names = await _whole(call)
    if ask.households:
        only = {by_name(one, tuple(names.values())).household for one in ask.households}
        pictures = tuple(picture for picture in pictures if picture.household.id in only)
        names = {household: named for household, named in names.items() if household in only}
    rows = tuple(_row(picture, names[picture.household.id]) for picture in pictures)
    return BookSummary(
        source=_source(pictures),
        as_of=_as_of(pictures, call),
        households=len(rows),
        clients=sum(len(named.clients) for named in names.values()),
        accounts=sum(row.accounts for row in rows),
        total_value=sum((row.value for row in rows), Decimal(0)),
        total_cash_available=sum((row.cash_available for row in rows), Decimal(0)),
        out_of_tolerance=sum(bool(row.out_of_tolerance) for row in rows),
        rows=rows,
        without_price=tuple(sorted({symbol for picture in pictures for symbol in _unpriced(picture)})),
    )


def _row(picture: Picture, named: Named) -> BookRow:
    accounts, market = picture.household.accounts, picture.market
    managed = [a for a in accounts if a.model and not _without_price(a, market)]
    drifts = [largest_drift(account, market) for account in managed]
    return BookRow(
        household=picture.household.id,
        name=named.name,
        accounts=len(accounts),
        value=sum((to_cents(worth(account, market)) for account in accounts), Decimal(0)),
        cash_available=sum((to_cents(account.cash.available) for account in accounts), Decimal(0)),
        largest_drift_points=to_cents(max(drifts) * HUNDRED) if drifts else None,
        out_of_tolerance=out_of_tolerance(picture),
    )


def _unpriced(picture: Picture) -> Iterator[Symbol]:
    for account in picture.household.accounts:
        yield from _without_price(account, picture.market)


def _without_price(account: Account, market: Market) -> tuple[Symbol, ...]:
    return tuple(symbol for symbol in account.symbols() if symbol not in market.prices)


class WhoHoldsAsk(Ask):
    symbol: str = Field(max_length=40, description="the symbol, such as AAPL, or the company's name")
    over_percent: Amount | None = Field(
        default=None, ge=0, le=100, description="only accounts in which it weighs more than this"
    )


class HolderRow(Ask):
    household: HouseholdId
    name: str
    account: AccountId
    shares: Amount
    value: Amount
    weight: Amount  # per cent of the account


class Holders(Sourced):
    """By weight in the account, the largest first."""

    symbol: Symbol
    security: str
    price: Amount | None
    price_session: str | None
    over_percent: Amount | None
    households: int
    accounts: int
    total_shares: Amount
    total_value: Amount
    rows: tuple[HolderRow, ...]


async def who_holds(ask: WhoHoldsAsk, call: Call) -> Holders:
    """Which accounts of the advisor's book hold one security, with shares, dollars and weight; only those
    above a weight, where one is given. Also its price.

    Reads only; no household outside her book is in it.
    """
    pictures, names = await _whole(call)
    market = pictures[0].market  # one market serves every picture
    symbol = known_symbol(ask.symbol, market)
    rows = [
        row
        for picture in pictures
        for row in _holding(picture, symbol, names[picture.household.id])
        if ask.over_percent is None or row.weight > ask.over_percent
    ]
    price = market.prices.get(symbol)
    return Holders(
        source=_source(pictures),
        as_of=_as_of(pictures, call),
        symbol=symbol,
        security=market.instruments[symbol].name,
        price=price.price if price else None,
        price_session=price.session.isoformat() if price else None,
        over_percent=ask.over_percent,
        households=len({row.household for row in rows}),
        accounts=len(rows),
        total_shares=sum((row.shares for row in rows), Decimal(0)),
        total_value=sum((row.value for row in rows), Decimal(0)),
        rows=tuple(sorted(rows, key=lambda row: (-row.weight, row.account))),
    )


def _holding(picture: Picture, symbol: Symbol, named: Named) -> Iterator[HolderRow]:
    for account in picture.household.accounts:
        shares = account.shares(symbol)
        if not shares:
            continue
        dollars = worth_by_symbol((account,), picture.market).get(symbol, Decimal(0))
        whole = worth(account, picture.market)
        yield HolderRow(
            household=picture.household.id,
            name=named.name,
            account=account.id,
            shares=shares,
            value=to_cents(dollars),
            weight=to_cents(dollars / whole * HUNDRED) if whole else Decimal(0),
        )


class ComingUpAsk(Ask):
    what: Literal["rmd", "withdrawal", "fee", "any"] = Field(default="any", description="of which kind")


class DueRow(Ask):
    """`last_trade_on`: a sale of that day still settles in time. `short_of`: dollars that what is due up to
    then and the floor ask for above what is available; none is nothing."""

    household: HouseholdId
    name: str
    account: AccountId
    kind: str
    what: str
    amount: Amount
    due_on: str
    last_trade_on: str
    available: Amount
    short_of: Amount


class ComingUp(Sourced):
    what: str
    total: Amount
    rows: tuple[DueRow, ...]
    households_looked_at: int


async def coming_up(ask: ComingUpAsk, call: Call) -> ComingUp:
    """What must be paid out across the advisor's book: required minimum distributions, scheduled withdrawals
    and fees, with amount, due day, the last trade date that settles in time, and what is available.

    Reads only; moves no money. No household outside her book is in it.
    """
    pictures, names = await _whole(call)
    rows = [
        row
        for picture in pictures
        for account in picture.household.accounts
        for row in _due(account, picture.market.session, names[picture.household.id], ask.what)
    ]
    return ComingUp(
        source=_source(pictures),
        as_of=_as_of(pictures, call),
        what=ask.what,
        total=sum((row.amount for row in rows), Decimal(0)),
        rows=tuple(sorted(rows, key=lambda row: (row.due_on, row.name, row.account))),
        households_looked_at=len(pictures),
    )


def _due(account: Account, session: date, named: Named, what: str) -> Iterator[DueRow]:
    for flow in account.outflows:
        if what not in ("any", flow.what):
            continue
        spare = spare_cash(account, cash_need(account, session=flow.due_on, horizon=timedelta(0)))
        yield DueRow(
            household=account.household,
            name=named.name,
            account=account.id,
            kind=account.kind,
            what=flow.what,
            amount=flow.amount,
            due_on=flow.due_on.isoformat(),
            last_trade_on=last_trade_before(flow.due_on).isoformat(),
            available=to_cents(account.cash.available),
            short_of=to_cents(max(-spare, Decimal(0))),
        )


async def _whole(call: Call) -> tuple[tuple[Picture, ...], Mapping[HouseholdId, Named]]:
    """All that the ticket's book holds."""
    if call.turn.household is not None:
        raise Refusal(
            "this conversation is about one household; open one without a client", code="other_thread"
        )
    pictures = await call.turn.desk.pictures()
    if not pictures:
        raise Refusal("there is no household in this book", code="not_found")
    return pictures, {named.household: named for named in await book(call.turn)}


def _source(pictures: Sequence[Picture]) -> str:
    return f"book at entry {max((p.as_of_seq for p in pictures), default=0)}"


def _as_of(pictures: Sequence[Picture], call: Call) -> AwareDatetime:
    return pictures[0].market.now if pictures else call.turn.clock.now()


BOOK_SUMMARY: Final = Tool("book_summary", BookAsk, Effect.READ, book_summary)
WHO_HOLDS: Final = Tool("who_holds", WhoHoldsAsk, Effect.READ, who_holds)
COMING_UP: Final = Tool("coming_up", ComingUpAsk, Effect.READ, coming_up)
