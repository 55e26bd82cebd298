"""The orders of a run, from the seed, with the text that people decided on.

Rule 1: what people decided stands in the journal entry for entry and chained, and in the law's tables, as
    rows (`evals.bench.released`): deciding is the gate's, and is simulated by nobody here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from core.ids import (
    AccountId,
    CustodianId,
    Digest,
    HouseholdId,
    LotId,
    PersonId,
    ProposalId,
    Symbol,
    TraceId,
    order_id_for,
)
from core.market.closes import closes
from core.market.instruments import listings
from core.market.prices import closing_prices
from core.money import to_cents
from core.orders.content import Content, Leg, LotChoice
from core.orders.events import OrderType, Side, TimeInForce
from core.orders.released import ReleasedOrder
from evals.simulate.chance import Chance
from evals.unreleased import as_if_released


@dataclass(frozen=True, slots=True)
class Decided:
    """One order, and the text that people decided on."""

    order: ReleasedOrder
    content: Content


@dataclass(slots=True)
class _Free:
    """A lot, and how much of it nobody has sold yet."""

    row: DictRow
    left: Decimal


class _Drawn:
    """Draws orders for the firm's own accounts: buys and sales, market and limit, small and large."""

    def __init__(self, superuser: Connection[DictRow], chance: Chance) -> None:
        self._chance = chance
        self._prices = closing_prices(closes().last_session())
        traded = [row.symbol for row in listings() if row.tradable and row.symbol in self._prices]
        self._symbols = tuple(traded)
        self._accounts = superuser.execute(_ACCOUNTS).fetchall()
        lots = [_Free(row, row["held"]) for row in superuser.execute(_LOTS).fetchall()]
        self._lots = [lot for lot in lots if lot.row["symbol"] in self._symbols]
        self._session = superuser.execute(_SESSION).fetchall()[0]["session"].isoformat()

    def order(self, number: int) -> Decided:
        chance = self._chance
        shares = Decimal(chance.count(1, 400 if chance.percent(20) else 30))
        lot = self._lot() if chance.percent(45) else None
        lots: tuple[LotChoice, ...] = ()
        if lot is None:
            row, symbol = chance.pick(self._accounts), chance.pick(self._symbols)
        else:
            shares = min(shares, Decimal(int(lot.left)))
            lot.left -= shares
            row, symbol = lot.row, Symbol(lot.row["symbol"])
            lots = (LotChoice(lot=LotId(row["lot"]), quantity=shares),)
        limit = _limit(self._prices[symbol].price, chance) if chance.percent(60) else None
        leg = _leg(number, row, symbol, shares, limit, lots)
        content = _content(number, leg, row, self._session)
        return Decided(_order(number, row, leg, content), content)

    def _lot(self) -> _Free | None:
        lot = self._chance.pick(self._lots)
        return lot if lot.left >= 1 else None


def decided(superuser: Connection[DictRow], count: int, chance: Chance) -> list[Decided]:
    """So many orders."""
    drawn = _Drawn(superuser, chance)
    return [drawn.order(number) for number in range(count)]


_SESSION: Final = "select session from gatehouse.market_day"
_ACCOUNTS: Final = """
select account, custodian, household, advisor from gatehouse.account where status = 'open' order by account
"""
_LOTS: Final = """
select a.account, a.custodian, a.household, a.advisor, l.lot, l.symbol, l.held
from gatehouse.lot_holding l join gatehouse.account a using (account)
where a.status = 'open' order by a.account, l.lot
"""


def _limit(close: Decimal, chance: Chance) -> Decimal:
    """Some at once, some never."""
    return to_cents(close * (100 + Decimal(chance.count(-30, 30)) / 10) / 100)


def _leg(
    number: int,
    row: DictRow,
    symbol: Symbol,
    shares: Decimal,
    limit: Decimal | None,
    lots: tuple[LotChoice, ...],
) -> Leg:
    reference = limit or Decimal(100)
    return Leg(
        leg=0,
        order=order_id_for(_proposal(number), 0),
        account=AccountId(row["account"]),
        symbol=symbol,
        side=Side.SELL if lots else Side.BUY,
        quantity=shares,
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=limit,
        time_in_force=TimeInForce.DAY,
        lots=lots,
        reference_price=reference,
        band_low=reference,
        band_high=reference,
        funded_by=(),
        may_release_less=False,
    )


def _content(number: int, leg: Leg, row: DictRow, session: str) -> Content:
    return Content(
        proposal=_proposal(number),
        household=HouseholdId(row["household"]),
        advisor=PersonId(row["advisor"]),
        kind="order",
        legs=(leg,),
        needs_consent=False,
        tier=1,
        valid_for=session,
        portfolio_seq=1,
        policy_set=Digest("0" * 64),
        model_versions=(),
        findings=(),
    )


def _order(number: int, row: DictRow, leg: Leg, content: Content) -> ReleasedOrder:
    """As a released one is, without a release: only the journal's own reader makes those that go out."""
    return as_if_released(
        {
            "id": leg.order,
            "proposal": content.proposal,
            "leg": leg.leg,
            "digest": content.digest(),
            "trace": TraceId(f"{number + 1:032x}"),
            "account": leg.account,
            "custodian": CustodianId(row["custodian"]),
            "symbol": leg.symbol,
            "side": leg.side,
            "quantity": leg.quantity,
            "order_type": leg.order_type,
            "limit_price": leg.limit_price,
            "time_in_force": leg.time_in_force,
            "scopes": frozenset({"all", f"account:{leg.account}"}),
        }
    )


def _proposal(number: int) -> ProposalId:
    return ProposalId(f"prp-simulated-{number}")


def event_ids(chance: Chance) -> Iterator[UUID]:
    while True:
        yield UUID(bytes=chance.bytes(16))


def moments(chance: Chance, count: int, within: timedelta) -> Sequence[float]:
    """So many moments of the first part of a run, in their order."""
    return sorted(chance.count(0, within // timedelta(milliseconds=1)) / 1_000 for _ in range(count))
