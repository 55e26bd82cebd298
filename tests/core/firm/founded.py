"""The founded demo firm as tests see it: sealed by a rule that needs no key, folded into pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TypeVar

from core.book.activity import quiet
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
from core.fact import Entry, Fact, Sealed
from core.firm import events
from core.firm.demo import SEED, founding
from core.ids import AccountId, HouseholdId, SubjectId, Symbol, TraceId
from core.market.calendar import previous_session
from core.market.events import BusinessDayOpened
from core.market.prices import closing_prices
from core.market.volatility import volatilities

F = TypeVar("F", bound=Fact)


def seal(subject: SubjectId, field: str, clear: str) -> Sealed:
    """Readable on purpose: tests look at what would be sealed."""
    return Sealed(subject=subject, key=1, sealed=f"{field}:{clear}")


@cache
def entries(seed: int = SEED) -> tuple[Entry, ...]:
    return tuple(founding(seed, seal, TraceId("0" * 32)))


def facts(kind: type[F], seed: int = SEED) -> Iterator[F]:
    """Every founding fact of one kind, in order."""
    return (entry.fact for entry in entries(seed) if isinstance(entry.fact, kind))


@cache
def market(seed: int = SEED) -> Market:
    (day,) = facts(BusinessDayOpened, seed)
    session = date.fromisoformat(day.session)
    prices = closing_prices(previous_session(session))
    return Market(
        session=session,
        now=day.at,
        previous_session=previous_session(session),
        open=True,
        prices={symbol: Price(**asdict(price)) for symbol, price in prices.items()},
        instruments={row.symbol: Instrument(**dict(row)) for row in facts(events.InstrumentListed, seed)},
        custodians={row.custodian: _custodian(row) for row in facts(events.CustodianAppointed, seed)},
        restricted=frozenset(row.symbol for row in facts(events.RestrictionPlaced, seed)),
        volatility=volatilities(session),
        quoting={},
        halts=frozenset(),
    )


def picture(household: HouseholdId, seed: int = SEED) -> Picture:
    opened = next(row for row in facts(events.HouseholdOpened, seed) if row.household == household)
    profile = next(row for row in facts(events.RiskProfileRecorded, seed) if row.household == household)
    related = any(household in row.related_households for row in facts(events.PersonEngaged, seed))
    accounts = [row for row in facts(events.AccountOpened, seed) if row.household == household]
    return Picture(
        household=Household(
            id=household,
            advisor=opened.advisor,
            accounts=tuple(_account(row, seed) for row in accounts),
            objective=profile.objective,
            profile_recorded_on=date.fromisoformat(profile.recorded_on),
            related=related,
            horizon_years=profile.horizon_years,
            liquidity_need=profile.liquidity_need,
        ),
        activity=quiet(market(seed).now),
        market=market(seed),
        as_of_seq=len(entries(seed)),
    )


def of(kind: type[F], account: AccountId, seed: int = SEED) -> list[F]:
    """The account's facts of one kind."""
    return [fact for fact in _by_account(seed).get(account, ()) if isinstance(fact, kind)]


@cache
def _by_account(seed: int) -> dict[AccountId, list[Fact]]:
    found: dict[AccountId, list[Fact]] = {}
    for entry in entries(seed):
        if entry.stream.startswith("account/"):
            found.setdefault(AccountId(entry.stream.removeprefix("account/")), []).append(entry.fact)
    return found


def _account(row: events.AccountOpened, seed: int) -> Account:
    ips = of(events.IpsAdopted, row.account, seed)
    deposits = of(events.CashDeposited, row.account, seed)
    return Account(
        id=row.account,
        household=row.household,
        advisor=row.advisor,
        kind=row.kind,
        capacity=row.capacity,
        discretionary=row.discretionary,
        custodian=row.custodian,
        status=row.status,
        model=_model(row, seed),
        ips=Ips(date.fromisoformat(ips[0].adopted_on), ips[0].cash_floor, ips[0].max_issuer_weight)
        if ips
        else None,
        do_not_trade=frozenset(flag.symbol for flag in of(events.DoNotTradePlaced, row.account, seed)),
        lots=tuple(_lot(lot) for lot in of(events.LotReceived, row.account, seed)),
        reserved_lots={},
        cash=Cash(
            settled=_sum(d.amount for d in deposits if d.held_until is None),
            unsettled=Decimal(0),
            held=_sum(d.amount for d in deposits if d.held_until is not None),
            reserved=Decimal(0),
        ),
        outflows=tuple(_outflows(row.account, seed)),
    )


def _outflows(account: AccountId, seed: int) -> Iterator[Outflow]:
    for withdrawal in of(events.WithdrawalScheduled, account, seed):
        due_on = date.fromisoformat(withdrawal.due_on)
        yield Outflow(withdrawal.schedule, "withdrawal", withdrawal.amount, due_on)
    for fee in of(events.FeeScheduled, account, seed):
        yield Outflow(fee.schedule, "fee", fee.amount, date.fromisoformat(fee.due_on))


def _model(row: events.AccountOpened, seed: int) -> ModelPortfolio | None:
    for model in facts(events.ModelPublished, seed):
        if model.model == row.model:
            weights = {Symbol(target.symbol): target.weight for target in model.targets}
            return ModelPortfolio(
                model.model, model.name, model.version, weights, model.cash_weight, model.tolerance
            )
    return None


def _lot(lot: events.LotReceived) -> Lot:
    return Lot(lot.lot, lot.symbol, lot.quantity, lot.cost_per_share, date.fromisoformat(lot.acquired_on))


def _custodian(row: events.CustodianAppointed) -> Custodian:
    return Custodian(row.custodian, row.name, frozenset(row.venues), row.fractional_shares, row.ticket_fee)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
