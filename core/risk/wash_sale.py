"""Would a loss be disallowed because the same shares are bought around it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Final, NamedTuple

from core.book.activity import Executed
from core.book.picture import Account
from core.ids import AccountId, LotId, Symbol
from core.money import to_cents
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.intent import Intent
from core.risk.limits import Limits
from core.risk.measure import NONE, at_most
from core.risk.policy import Breach, Severity

WINDOW: Final = timedelta(days=30)  # before and after the sale, both ends included
RETIREMENT: Final = frozenset({"ira", "roth"})


class WashSale:
    """No loss of a taxable sale is washed by a purchase of the same symbol within 30 days. Soft.

    The household counts as one taxpayer: owner, spouse, their IRAs, trusts and the entities that they
    control. Sold at a loss is what was sold, what open orders will sell, and what this proposal sells. What
    is bought replaces it share by share, in the order of the sales and of the purchases: lots acquired in the
    window however they came (a reinvested dividend is one), open orders, and this proposal's buys. What is
    left of one purchase replaces nothing that was sold out of it. A loss that a taxable account's purchase
    replaces is deferred into its basis; one that an IRA's replaces is lost for good. It is clear once 31 days
    lie between. Accounts at other firms, options and other substantially identical securities, and shares
    that were bought in the window and sold again are not known here.

    Source: 26 USC 1091(a) and (d); 26 CFR 1.1091-1(b), (c) and (d) (order of matching); IRS Publication 550,
    Wash Sales (spouse; controlled corporation; 30 days before or after); Rev. Rul. 2008-5, 2008-3 I.R.B. 271
    (IRA or Roth IRA: no increase in basis); Rev. Rul. 56-602, 1956-2 C.B. 527 (part of one purchase sold).
    """

    code: ClassVar[str] = "wash_sale"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        if not _may_wash(intent):
            return None
        washed = tuple(matched(intent))
        deferred, lost = disallowed(washed)
        if not washed or not deferred + lost:
            return None
        clear = max(one.other_day for one in washed) + WINDOW + timedelta(days=1)
        says = (
            f"of losses in {intent.leg.symbol}, ${deferred:,.2f} would be deferred and ${lost:,.2f} "
            f"lost for good in an IRA; clear from {clear}; accounts at other firms are not known here"
        )
        return at_most(
            self.code, Severity.SOFT, before=None, observed=deferred + lost, limit=NONE, unit="USD", says=says
        )


class Washed(NamedTuple):
    """Shares of a loss that a purchase replaces. `other_day` is that of the sale, for a purchase that is
    asked about, and of the purchase, for a sale. `lot` is the one that replaces them, where it is there."""

    shares: Decimal
    dollars: Decimal
    in_ira: bool
    lot: LotId | None
    other_day: date


def disallowed(washed: Iterable[Washed]) -> tuple[Decimal, Decimal]:
    """Dollars of losses that are deferred, and that are lost for good."""
    deferred = lost = NONE
    for one in washed:
        if one.in_ira:
            lost += one.dollars
        else:
            deferred += one.dollars
    return deferred, lost


@dataclass(slots=True)
class _Part:
    """Shares not matched yet. `leg` is the proposal's that sells or buys them; None: another order's. `lot`
    is the one that they are of, where that is known."""

    day: date
    shares: Decimal
    a_share: Decimal  # dollars lost, of a loss
    in_ira: bool
    leg: int | None
    lot: LotId | None = None


def _may_wash(intent: Intent) -> bool:
    """A quick no: a sale without a loss, or a purchase after none and before none of an open order. A loss
    of this proposal is told at its sale."""
    if intent.buys:
        symbol, ground = intent.leg.symbol, intent.ground
        return symbol in ground.executed or symbol in ground.promised
    price = intent.price
    if price is None or intent.account.kind in RETIREMENT:
        return False
    lots = intent.standing.lots
    for choice in intent.leg.lots:
        lot = lots.get(choice.lot)
        if lot is not None and lot.cost_per_share > price:
            return True
    return False


def matched(intent: Intent) -> Iterator[Washed]:
    """The shares of losses that this leg's shares wash, one match after the other.

    A loss of this proposal is told at its sale; a loss of another order at the purchase that replaces it.
    """
    bought = list(_bought(intent))
    one_purchase = _purchases(intent)
    mine = intent.leg.leg
    for loss in _losses(intent):
        for purchase in bought:
            if loss.shares <= NONE:
                break
            if purchase.shares <= NONE or abs(purchase.day - loss.day) > WINDOW:
                continue
            if loss.lot is not None and purchase.lot in one_purchase.get(loss.lot, (loss.lot,)):
                continue
            shares = min(loss.shares, purchase.shares)
            loss.shares -= shares
            purchase.shares -= shares
            told = loss.leg == mine or (loss.leg is None and purchase.leg == mine)
            if told:
                other = loss.day if intent.buys else purchase.day
                yield Washed(shares, to_cents(shares * loss.a_share), purchase.in_ira, purchase.lot, other)


def _purchases(intent: Intent) -> dict[LotId, tuple[LotId, ...]]:
    """The lots of one order's executions are one purchase."""
    done = intent.ground.executed.get(intent.leg.symbol, ())
    return {lot: one.opened for one in done for lot in one.opened}


def _losses(intent: Intent) -> Iterator[_Part]:
    """Shares of the symbol that the household's taxable accounts sell at a loss, in the order of the sales:
    what was sold, what open orders will sell, what this proposal sells."""
    ground, symbol, today = intent.ground, intent.leg.symbol, intent.market.session
    for done in ground.executed.get(symbol, ()):
        if done.side is Side.SELL and today - done.traded_on <= WINDOW and _taxed(intent, done.account):
            yield from _realised(done)
    price = intent.price
    if price is None:
        return
    if symbol in ground.promised:
        for account in ground.household.accounts:
            if account.kind not in RETIREMENT:
                yield from _promised(account, symbol, price, today)
    for leg in intent.legs:
        if leg.symbol != symbol or leg.side is Side.BUY or not _taxed(intent, leg.account):
            continue
        lots = ground.standings[leg.account].lots
        for choice in leg.lots:
            lot = lots.get(choice.lot)
            if lot is not None and lot.cost_per_share > price:
                yield _Part(today, choice.quantity, lot.cost_per_share - price, False, leg.leg, lot.id)


def _promised(account: Account, symbol: Symbol, price: Decimal, today: date) -> Iterator[_Part]:
    for lot in account.lots:
        shares = account.reserved_lots.get(lot.id, NONE)
        if lot.symbol == symbol and shares > NONE and lot.cost_per_share > price:
            yield _Part(today, shares, lot.cost_per_share - price, False, None, lot.id)


def _realised(done: Executed) -> Iterator[_Part]:
    for part in done.sold:
        loss = part.cost - part.proceeds
        if loss > NONE and part.quantity > NONE:
            yield _Part(done.traded_on, part.quantity, loss / part.quantity, False, None)


def _bought(intent: Intent) -> Iterator[_Part]:
    """Shares of the symbol that the household acquired around today, in the order of their days."""
    ground, symbol, today = intent.ground, intent.leg.symbol, intent.market.session
    sold = _sold(intent.legs, symbol)
    found = []
    for account in ground.household.accounts:
        ira = account.kind in RETIREMENT
        for lot in account.lots:
            if lot.symbol == symbol and today - lot.acquired_on <= 2 * WINDOW:
                left = lot.quantity - sold.get(lot.id, NONE) - account.reserved_lots.get(lot.id, NONE)
                found.append(_Part(lot.acquired_on, left, NONE, ira, None, lot.id))
    found.sort(key=lambda part: part.day)
    yield from found
    for asked in ground.pending.get(symbol, ()):
        if asked.side is Side.BUY:
            yield _Part(today, asked.remaining, NONE, _in_ira(intent, asked.account), None)
    for leg in intent.legs:
        if leg.symbol == symbol and leg.side is Side.BUY:
            yield _Part(today, leg.quantity, NONE, _in_ira(intent, leg.account), leg.leg)


def _sold(legs: tuple[Leg, ...], symbol: Symbol) -> dict[LotId, Decimal]:
    sold: dict[LotId, Decimal] = {}
    for leg in legs:
        if leg.symbol == symbol:
            for choice in leg.lots:
                sold[choice.lot] = sold.get(choice.lot, NONE) + choice.quantity
    return sold


def _in_ira(intent: Intent, account: AccountId) -> bool:
    return intent.ground.accounts[account].kind in RETIREMENT


def _taxed(intent: Intent, account: AccountId) -> bool:
    return not _in_ira(intent, account)
