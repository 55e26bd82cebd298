"""Would one issuer weigh too much?"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import ClassVar, Final

from core.book.picture import Account, Market
from core.ids import Symbol
from core.orders.events import Side
from core.risk.policy import Breach, Intent, Limits, Severity

FUND_KINDS: Final = frozenset({"etf", "mutual_fund", "cash_sweep"})
ZERO: Final = Decimal(0)


class Concentration:
    """A purchase does not take an issuer above the account's limit, its IPS's or else the firm's. Soft.

    The weight is of everything of that issuer after all legs of the proposal, over the account's value, at
    market prices; what has no price counts as nothing, which makes the weight larger. Funds are spread
    by their own law and are not counted. A sale, and a proposal that leaves the weight no larger than
    it was, pass.

    Source: the account's investment policy statement; FINRA Rule 2111.05(b) (customer-specific suitability);
    Investment Company Act of 1940 section 5(b)(1) (diversified funds).
    """

    code: ClassVar[str] = "concentration"

    def check(self, intent: Intent, limits: Limits) -> Breach | None:
        instrument = intent.market.instruments.get(intent.leg.symbol)
        if intent.leg.side is Side.SELL or instrument is None or instrument.kind in FUND_KINDS:
            return None
        total = _worth(intent.account, intent.market)
        before = _of_issuer(intent, instrument.issuer)
        after = before + _traded(intent, instrument.issuer)
        limit = intent.account.ips.max_issuer_weight if intent.account.ips else limits.max_issuer_weight
        if after <= limit * total or after <= before:
            return None
        weight = (after / total).quantize(Decimal("0.000001"), rounding=ROUND_UP) if total > 0 else Decimal(1)
        percent = f"{weight * 100:.2f} % of the account"
        says = f"{instrument.issuer} would be {percent}; the limit is {limit * 100:.2f} %"
        return Breach(self.code, Severity.SOFT, weight, limit, "fraction of the account", says)


def _of_issuer(intent: Intent, issuer: str) -> Decimal:
    market = intent.market
    return sum(
        (
            lot.quantity * _price(lot.symbol, market)
            for lot in intent.account.lots
            if _issued_by(lot.symbol, issuer, market)
        ),
        ZERO,
    )


def _traded(intent: Intent, issuer: str) -> Decimal:
    dollars = ZERO
    for leg in intent.legs:
        if leg.account == intent.account.id and _issued_by(leg.symbol, issuer, intent.market):
            sign = 1 if leg.side is Side.BUY else -1
            dollars += sign * leg.quantity * _price(leg.symbol, intent.market)
    return dollars


def _issued_by(symbol: Symbol, issuer: str, market: Market) -> bool:
    instrument = market.instruments.get(symbol)
    return instrument is not None and instrument.issuer == issuer and instrument.kind not in FUND_KINDS


def _worth(account: Account, market: Market) -> Decimal:
    shares = sum((lot.quantity * _price(lot.symbol, market) for lot in account.lots), ZERO)
    return shares + account.cash.settled + account.cash.unsettled + account.cash.held


def _price(symbol: Symbol, market: Market) -> Decimal:
    price = market.prices.get(symbol)
    return price.price if price is not None else ZERO
