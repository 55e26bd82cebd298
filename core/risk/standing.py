"""Where a household stands before any leg: what is the same for every question about one picture.

Rule 1: everything here follows from the picture alone. It is worked out once, and read for every leg.
Rule 2: what has no price counts as nothing in a value: a weight comes out larger for it, never smaller.
Rule 3: funds are spread by their own law: they have neither issuer nor sector here.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from core.book.activity import Activity, Asked, Executed, Traded
from core.book.picture import Account, Custodian, Household, Lot, Market, Picture
from core.ids import AccountId, LotId, OrderId, Symbol
from core.market.calendar import is_session, session_close, session_open
from core.orders.events import Side

FUND_KINDS: Final = frozenset({"etf", "mutual_fund", "cash_sweep"})
ZERO: Final = Decimal(0)

Content = tuple[AccountId, Symbol, Side, Decimal, Decimal | None]
Dollars = dict[str, Decimal]


class Standing:
    """One account. Dollars are at market prices."""

    __slots__ = (
        "account",
        "available",
        "bought",
        "custodian",
        "day_dollars",
        "fees",
        "free",
        "issuers",
        "lots",
        "sectors",
        "shares",
        "unpaid",
        "worth",
    )

    def __init__(self, account: Account, market: Market, activity: Activity) -> None:
        self.account: Final = account
        self.custodian: Final[Custodian | None] = market.custodians.get(account.custodian)
        self.available: Final = account.cash.available
        self.lots: Final[dict[LotId, Lot]] = {lot.id: lot for lot in account.lots}
        self.free: Final[dict[LotId, Decimal]] = {
            lot.id: lot.quantity - account.reserved_lots.get(lot.id, ZERO) for lot in account.lots
        }
        self.shares: Final[dict[Symbol, Decimal]] = {}
        for lot in account.lots:
            self.shares[lot.symbol] = self.shares.get(lot.symbol, ZERO) + lot.quantity
        self.issuers: Final[Dollars] = {}
        self.sectors: Final[Dollars] = {}
        self.worth: Final = self._weigh(market)
        mine = [done for done in activity.executed if done.account == account.id]
        self.day_dollars: Final = _dollars([a for a in activity.asked if a.account == account.id])
        self.bought: Final = _dollars([done for done in mine if done.side is Side.BUY])
        self.fees: Final = sum((done.fees for done in mine), ZERO)
        self.unpaid: Final = _unpaid(account.cash.settled, mine, market.session)

    def _weigh(self, market: Market) -> Decimal:
        cash = self.account.cash
        worth = cash.settled + cash.unsettled + cash.held
        for symbol, shares in self.shares.items():
            price = market.prices.get(symbol)
            if price is None:
                continue
            dollars = shares * price.price
            worth += dollars
            instrument = market.instruments.get(symbol)
            if instrument is not None and instrument.kind not in FUND_KINDS:
                _add(self.issuers, instrument.issuer, dollars)
                _add(self.sectors, instrument.sector, dollars)
        return worth


class Unpaid(NamedTuple):
    """A purchase that settled cash did not cover. Dollars; `paid_on` is when what paid for it has settled."""

    dollars: Decimal
    covered: Decimal
    paid_on: date


class Ground:
    """One household in its market, and what its advisor, its agent and the firm asked for today."""

    __slots__ = (
        "accounts",
        "activity",
        "agent_loss",
        "day_dollars",
        "executed",
        "hours",
        "household",
        "issuers",
        "latest",
        "market",
        "orders",
        "pending",
        "picture",
        "promised",
        "signal_losses",
        "standings",
        "strategy_loss",
        "worth",
    )

    def __init__(self, picture: Picture) -> None:
        activity, market = picture.activity, picture.market
        self.picture: Final = picture
        self.household: Final[Household] = picture.household
        self.market: Final = market
        self.activity: Final = activity
        day = market.session
        self.hours: Final = (session_open(day), session_close(day)) if is_session(day) else None
        self.accounts: Final = {account.id: account for account in picture.household.accounts}
        self.standings: Final = {
            account.id: Standing(account, market, activity) for account in picture.household.accounts
        }
        self.worth: Final = sum((standing.worth for standing in self.standings.values()), ZERO)
        self.issuers: Final[Dollars] = {}
        for standing in self.standings.values():
            for issuer, dollars in standing.issuers.items():
                _add(self.issuers, issuer, dollars)
        self.day_dollars: Final = _dollars(activity.asked)
        self.agent_loss: Final = _lost(activity.agent_traded, market) if activity.agent_traded else ZERO
        self.strategy_loss: Final = (
            _lost(activity.strategy_traded, market) if activity.strategy_traded else ZERO
        )
        self.signal_losses: Final = _lost_by_symbol(activity.strategy_traded, market)
        self.orders: Final[frozenset[OrderId]] = frozenset(asked.order for asked in activity.asked)
        self.latest: Final[dict[Content, Asked]] = {
            content_of(asked): asked for asked in sorted(activity.asked, key=_open_last)
        }
        self.pending: Final[dict[Symbol, list[Asked]]] = {}
        for asked in activity.asked:
            if asked.remaining > 0:
                self.pending.setdefault(asked.symbol, []).append(asked)
        self.promised: Final[frozenset[Symbol]] = frozenset(
            lot.symbol
            for account in picture.household.accounts
            if account.reserved_lots
            for lot in account.lots
            if lot.id in account.reserved_lots
        )
        self.executed: Final[dict[Symbol, list[Executed]]] = {}
        for done in activity.executed:
            self.executed.setdefault(done.symbol, []).append(done)

    @property
    def taken_at(self) -> datetime:
        return self.activity.taken_at


def content_of(asked: Asked) -> Content:
    """What two orders have in common when one is a copy of the other."""
    return asked.account, asked.symbol, asked.side, asked.quantity, asked.limit_price


def _lost(traded: tuple[Traded, ...], market: Market) -> Decimal:
    """Dollars below zero at market prices, as a positive number. What has no price now is left out."""
    priced = [(one, market.prices.get(one.symbol)) for one in traded]
    gain = sum((one.dollars + one.shares * at.price for one, at in priced if at is not None), ZERO)
    return max(-gain, ZERO)


def _lost_by_symbol(traded: tuple[Traded, ...], market: Market) -> Dollars:
    symbols = {one.symbol for one in traded}
    return {name: _lost(tuple(one for one in traded if one.symbol == name), market) for name in symbols}


def _open_last(asked: Asked) -> tuple[bool, datetime]:
    return asked.remaining > 0, asked.asked_at


def _add(dollars: Dollars, name: str, more: Decimal) -> None:
    dollars[name] = dollars.get(name, ZERO) + more


def _dollars(rows: list[Asked] | tuple[Asked, ...] | list[Executed]) -> Decimal:
    return sum((row.dollars for row in rows), ZERO)


def _unpaid(settled: Decimal, executed: list[Executed], today: date) -> dict[LotId, Unpaid]:
    """Lots of purchases that have not settled and that settled cash does not cover, oldest first covered.

    Such a purchase is paid by sales that have not settled either: the last of them says when it is.
    """
    waiting = [done for done in executed if done.settles_on > today]
    due = [done.settles_on for done in waiting if done.side is Side.SELL]
    covered = settled
    found: dict[LotId, Unpaid] = {}
    for done in waiting:
        if done.side is Side.SELL:
            continue
        if done.dollars > covered:
            unpaid = Unpaid(done.dollars, max(covered, ZERO), max([done.settles_on, *due]))
            found |= dict.fromkeys(done.opened, unpaid)
        covered -= done.dollars
    return found
