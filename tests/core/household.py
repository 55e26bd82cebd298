"""A small household to arrange tests in: one market of round prices, accounts built by keyword."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from core.book.activity import Activity, quiet
from core.book.picture import (
    Account,
    Cash,
    Custodian,
    Household,
    Instrument,
    Ips,
    Lot,
    Market,
    ModelPortfolio,
    Outflow,
    Picture,
    Price,
)
from core.ids import (
    AccountId,
    CustodianId,
    HouseholdId,
    LotId,
    ModelId,
    PersonId,
    ProposalId,
    Symbol,
    VenueName,
    order_id_for,
)
from core.orders.content import Leg, LotChoice
from core.orders.events import OrderType, Side, TimeInForce
from core.plan.assumptions import Assumptions, assumptions_on
from core.risk.intent import Intent, intents
from core.risk.limits import DEFAULT_LIMITS, Limits
from core.risk.standing import Ground

SESSION = date(2022, 12, 29)
PREVIOUS = date(2022, 12, 28)
NOW = datetime(2022, 12, 29, 15, 0, tzinfo=UTC)
ADVISOR = PersonId("per-ada")
HOUSEHOLD = HouseholdId("hh-1")
CUSTODIAN = CustodianId("cus-1")
ACCOUNT = AccountId("acc-1")
PROPOSAL = ProposalId("prp-1")
PRICES = {"AAA": "100", "BBB": "50", "CCC": "20", "FUND": "200", "MUTUAL": "10"}


def dec(number: str | int | Decimal) -> Decimal:
    return Decimal(number)


def instrument(
    symbol: str, *, kind: str = "share", tradable: bool = True, issuer: str | None = None
) -> Instrument:
    return Instrument(
        symbol=Symbol(symbol),
        name=symbol,
        kind=kind,
        issuer=issuer or f"{symbol} Corp",
        sector=f"{symbol} sector",
        tick=dec("0.01"),
        tradable=tradable,
        synthetic=False,
        average_daily_volume=dec(1_000_000),
        spread_bps=dec(4),
    )


def price(symbol: str, dollars: str, session: date = PREVIOUS) -> Price:
    return Price(Symbol(symbol), dec(dollars), session, "test", NOW)


def market(
    *,
    prices: Mapping[str, str] = PRICES,
    restricted: Iterable[str] = (),
    halts: Iterable[str] = (),
    ticket_fee: str = "0",
    fractional: bool = False,
) -> Market:
    listed = [instrument(s) for s in ("AAA", "BBB", "CCC")]
    listed.append(instrument("FUND", kind="etf"))
    listed.append(instrument("MUTUAL", kind="mutual_fund", tradable=False))
    return Market(
        session=SESSION,
        now=NOW,
        previous_session=PREVIOUS,
        open=True,
        prices={Symbol(s): price(s, dollars) for s, dollars in prices.items()},
        instruments={i.symbol: i for i in listed},
        custodians={
            CUSTODIAN: Custodian(
                CUSTODIAN, "Custody", frozenset({VenueName("V")}), fractional, dec(ticket_fee)
            )
        },
        restricted=frozenset(Symbol(s) for s in restricted),
        volatility={},
        quoting={},
        halts=frozenset(halts),
    )


def lot(
    id: str,
    symbol: str,
    quantity: str | int | Decimal,
    cost: str | int | Decimal = 10,
    acquired_on: date = date(2020, 1, 2),
) -> Lot:
    return Lot(LotId(id), Symbol(symbol), dec(quantity), dec(cost), acquired_on)


def cash(settled: str | int = 0, *, unsettled: str = "0", held: str = "0", reserved: str = "0") -> Cash:
    return Cash(dec(settled), dec(unsettled), dec(held), dec(reserved))


def model(weights: Mapping[str, str], *, cash_weight: str = "0", tolerance: str = "0.05") -> ModelPortfolio:
    shares = {Symbol(s): dec(weight) for s, weight in weights.items()}
    return ModelPortfolio(ModelId("mod"), "Model", 3, shares, dec(cash_weight), dec(tolerance))


def ips(*, floor: str | int = 0, max_issuer: str = "1") -> Ips:
    return Ips(date(2021, 1, 1), dec(floor), dec(max_issuer))


USUAL_IPS = ips(max_issuer="0.25")  # says no more than the firm's own limits do


def outflow(amount: str | int, due_on: date, what: str = "withdrawal") -> Outflow:
    return Outflow("sch", what, dec(amount), due_on)


def account(
    *,
    lots: Iterable[Lot] = (),
    money: Cash | None = None,
    id: str = ACCOUNT,
    model: ModelPortfolio | None = None,
    ips: Ips | None = USUAL_IPS,
    kind: str = "taxable",
    status: str = "open",
    do_not_trade: Iterable[str] = (),
    reserved_lots: Mapping[str, str] | None = None,
    outflows: Iterable[Outflow] = (),
) -> Account:
    return Account(
        id=AccountId(id),
        household=HOUSEHOLD,
        advisor=ADVISOR,
        kind=kind,
        capacity="advisory",
        discretionary=True,
        custodian=CUSTODIAN,
        status=status,
        model=model,
        ips=ips,
        do_not_trade=frozenset(Symbol(s) for s in do_not_trade),
        lots=tuple(lots),
        reserved_lots={LotId(k): dec(v) for k, v in (reserved_lots or {}).items()},
        cash=money or cash(),
        outflows=tuple(outflows),
    )


def picture(
    *accounts: Account, market: Market, related: bool = False, activity: Activity | None = None
) -> Picture:
    household = Household(HOUSEHOLD, ADVISOR, tuple(accounts), "balanced", date(2022, 1, 3), related)
    return Picture(household, activity or quiet(NOW), market, 7)


def assumptions(limits: Limits = DEFAULT_LIMITS) -> Assumptions:
    return assumptions_on(SESSION, limits)


def leg(
    n: int,
    side: Side,
    symbol: str,
    quantity: str | int,
    *,
    account: str = ACCOUNT,
    reference: str = "100",
    limit: str | None = None,
    low: str = "98",
    high: str = "102",
    lots: Mapping[str, str] | None = None,
    partly: bool = False,
) -> Leg:
    return Leg(
        leg=n,
        order=order_id_for(PROPOSAL, n),
        account=AccountId(account),
        symbol=Symbol(symbol),
        side=side,
        quantity=dec(quantity),
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=None if limit is None else dec(limit),
        time_in_force=TimeInForce.DAY,
        lots=tuple(LotChoice(lot=LotId(k), quantity=dec(v)) for k, v in (lots or {}).items()),
        reference_price=dec(reference),
        band_low=dec(low),
        band_high=dec(high),
        funded_by=(),
        may_release_less=partly,
    )


def intent(of: Leg, *others: Leg, picture: Picture) -> Intent:
    legs = sorted((of, *others), key=lambda one: one.leg)
    return next(one for one in intents(legs, Ground(picture)) if one.leg is of)


def moved(market: Market, symbol: str, dollars: str, session: date = PREVIOUS) -> Market:
    """The same market with another price for one symbol."""
    return replace(market, prices={**market.prices, Symbol(symbol): price(symbol, dollars, session)})
