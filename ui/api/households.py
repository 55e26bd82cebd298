"""Households, their accounts, and what is held: every figure opens to its lots and its prices.

Rule 1: a price is shown with its source, its session and when it was taken.
Rule 2: value, weight and drift come from core; nothing is computed here but the naming of fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from fastapi import APIRouter

from core.book import picture
from core.book.picture import Account, Market, Picture, Price
from core.book.views import HouseholdLine
from core.errors import NotFound
from core.ids import AccountId, HouseholdId, Symbol
from core.plan.drift import Drift, beyond, drift, largest_drift, weight_of
from core.plan.preview import worth
from ui.api.doors import At, Doors, Ticket
from ui.api.fields import Amount, PathId, Told
from ui.api.names import client_names, household_names

router = APIRouter(tags=["households and accounts"])


class Client(Told):
    client: str
    name: str


class HouseholdRow(Told):
    household: str
    name: str
    advisor: str
    clients: tuple[Client, ...]
    accounts: tuple[str, ...]


class CashFigures(Told):
    """Dollars."""

    settled: Amount
    unsettled: Amount
    held: Amount
    reserved: Amount
    available: Amount


class AccountRow(Told):
    """Dollars; drift is a fraction of the account."""

    account: str
    household: str
    kind: str
    capacity: str
    discretionary: bool
    custodian: str
    status: str
    model: str | None
    tolerance: Amount | None
    relative_tolerance: Amount | None  # a fraction of each holding's target
    in_tolerance: bool | None  # None: it has no model, or something has no price
    value: Amount
    cash: CashFigures
    drift: Amount | None
    cash_floor: Amount | None
    do_not_trade: tuple[str, ...]


class Household(Told):
    household: str
    name: str
    advisor: str
    clients: tuple[Client, ...]
    objective: str | None
    profile_recorded_on: date | None
    value: Amount
    accounts: tuple[AccountRow, ...]
    session: date
    as_of_seq: int


class Lot(Told):
    lot: str
    quantity: Amount
    cost_per_share: Amount
    acquired_on: date
    gain: Amount | None


class PriceOf(Told):
    """Dollars per share, with where it is from."""

    price: Amount
    session: date
    source: str
    taken_at: datetime


class Position(Told):
    """One holding. `weight` and `target` are fractions of the account, `drift` is percentage points.

    Without a price, value and weight are not known; without a model there is no target."""

    symbol: str
    name: str
    kind: str
    synthetic: bool
    tradable: bool
    restricted: bool
    do_not_trade: bool
    quantity: Amount
    value: Amount | None
    weight: Amount | None
    target: Amount | None
    drift: Amount | None
    price: PriceOf | None
    lots: tuple[Lot, ...]


class Outflow(Told):
    what: str
    amount: Amount
    due_on: date


class Positions(Told):
    account: str
    value: Amount
    cash: CashFigures
    cash_target: Amount | None
    positions: tuple[Position, ...]
    outflows: tuple[Outflow, ...]
    session: date
    as_of_seq: int


@router.get("/v1/households", response_model=tuple[HouseholdRow, ...], summary="The book of business")
async def households(at: At, ticket: Ticket) -> tuple[HouseholdRow, ...]:
    lines = await at.intake.households(ticket)
    names = await household_names(at, ticket, lines)
    clients = await client_names(at, ticket, lines)
    rows = [
        HouseholdRow(
            household=h.household,
            name=names[h.household],
            advisor=h.advisor,
            accounts=tuple(h.accounts),
            clients=tuple(Client(client=c, name=clients[c]) for c, _ in h.clients),
        )
        for h in lines
    ]
    return tuple(sorted(rows, key=lambda row: (row.name, row.household)))


@router.get("/v1/households/{household}", response_model=Household, summary="One household")
async def household(household: PathId, at: At, ticket: Ticket) -> Household:
    line = await _line(at, ticket, household)
    seen = await at.intake.picture(ticket, line.household)
    names = await household_names(at, ticket, [line])
    clients = await client_names(at, ticket, [line])
    held = seen.household
    rows = tuple(account_row(a, seen.market) for a in held.accounts)
    return Household(
        household=held.id,
        name=names[line.household],
        advisor=held.advisor,
        objective=held.objective,
        clients=tuple(Client(client=c, name=clients[c]) for c, _ in line.clients),
        profile_recorded_on=held.profile_recorded_on,
        value=sum((r.value for r in rows), Decimal(0)),
        accounts=rows,
        session=seen.market.session,
        as_of_seq=seen.as_of_seq,
    )


@router.get("/v1/accounts/{account}", response_model=AccountRow, summary="One account")
async def account(account: PathId, at: At, ticket: Ticket) -> AccountRow:
    seen = await _picture_with(at, ticket, account)
    return account_row(seen.account(AccountId(account)), seen.market)


@router.get("/v1/accounts/{account}/positions", response_model=Positions, summary="Holdings, lots and cash")
async def positions(account: PathId, at: At, ticket: Ticket) -> Positions:
    seen = await _picture_with(at, ticket, account)
    held = seen.account(AccountId(account))
    drifts = {row.symbol: row for row in drift(held, seen.market)} if _priced(held, seen.market) else {}
    return Positions(
        account=held.id,
        value=worth(held, seen.market),
        cash=cash_figures(held),
        cash_target=held.model.cash_weight if held.model else None,
        positions=tuple(_position(held, seen.market, s, drifts) for s in _symbols(held)),
        outflows=tuple(Outflow(what=o.what, amount=o.amount, due_on=o.due_on) for o in held.outflows),
        session=seen.market.session,
        as_of_seq=seen.as_of_seq,
    )


async def _line(at: Doors, ticket: str, household: str) -> HouseholdLine:
    for line in await at.intake.households(ticket):
        if line.household == household:
            return line
    raise NotFound(f"there is no household {household!r} in your book", fix="see GET /v1/households")


async def _picture_with(at: Doors, ticket: str, account: str) -> Picture:
    for line in await at.intake.households(ticket):
        if account in line.accounts:
            return await at.intake.picture(ticket, HouseholdId(line.household))
    raise NotFound(f"there is no account {account!r} in your book", fix="see GET /v1/households")


def account_row(account: Account, market: Market) -> AccountRow:
    return AccountRow(
        account=account.id,
        household=account.household,
        kind=account.kind,
        capacity=account.capacity,
        discretionary=account.discretionary,
        custodian=market.custodians[account.custodian].name,
        status=account.status,
        model=account.model.name if account.model else None,
        tolerance=account.model.tolerance if account.model else None,
        relative_tolerance=account.model.relative_tolerance if account.model else None,
        in_tolerance=not beyond(account, market) if account.model and _priced(account, market) else None,
        value=worth(account, market),
        cash=cash_figures(account),
        drift=largest_drift(account, market) if account.model and _priced(account, market) else None,
        cash_floor=account.ips.cash_floor if account.ips else None,
        do_not_trade=tuple(sorted(account.do_not_trade)),
    )


def cash_figures(account: Account) -> CashFigures:
    cash = account.cash
    return CashFigures(
        settled=cash.settled,
        unsettled=cash.unsettled,
        held=cash.held,
        reserved=cash.reserved,
        available=cash.available,
    )


def _symbols(account: Account) -> tuple[Symbol, ...]:
    targets = account.model.weights if account.model else {}
    return tuple(sorted({*account.symbols(), *targets}))


def _priced(account: Account, market: Market) -> bool:
    return all(symbol in market.prices for symbol in account.symbols())


def _position(account: Account, market: Market, symbol: Symbol, drifts: Mapping[str, Drift]) -> Position:
    instrument, price, mine = market.instruments[symbol], market.prices.get(symbol), drifts.get(symbol)
    quantity = account.shares(symbol)
    total = worth(account, market)
    dollars = quantity * price.price if price else None
    return Position(
        symbol=symbol,
        name=instrument.name,
        kind=instrument.kind,
        synthetic=instrument.synthetic,
        tradable=instrument.tradable,
        restricted=symbol in market.restricted,
        do_not_trade=symbol in account.do_not_trade,
        quantity=quantity,
        value=dollars,
        weight=mine.weight if mine else weight_of(dollars, total) if dollars is not None else None,
        target=mine.target if mine else None,
        drift=mine.points if mine else None,
        price=_price(price),
        lots=tuple(_lot(lot, price) for lot in account.lots if lot.symbol == symbol),
    )


def _price(price: Price | None) -> PriceOf | None:
    if price is None:
        return None
    return PriceOf(price=price.price, session=price.session, source=price.source, taken_at=price.taken_at)


def _lot(lot: picture.Lot, price: Price | None) -> Lot:
    return Lot(
        lot=lot.id,
        quantity=lot.quantity,
        cost_per_share=lot.cost_per_share,
        acquired_on=lot.acquired_on,
        gain=lot.quantity * (price.price - lot.cost_per_share) if price else None,
    )
