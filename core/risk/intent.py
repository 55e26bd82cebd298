"""One leg among all the legs of its proposal, with what every policy would otherwise work out again.

Rule 1: legs are counted in the order of their numbers: `upto` has the earlier ones of the same account and
    this one, so that the first leg that goes too far is the one that is named.
Rule 2: dollars of an order are at the higher of its worst price and the reference price.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Instrument, Market
from core.ids import AccountId
from core.orders.content import Leg
from core.orders.cost import worst_cash, worst_price
from core.orders.events import Side
from core.risk.standing import Ground, Standing

ZERO: Final = Decimal(0)


class Intent:
    """`earlier` are the dollars of the legs before this one, `earlier_own` those of its account, and
    `bought_before` those of its account's buys.

    `price` is the market's, dollars a share; None where there is none. `worst_cash` is what the leg moves at
    worst, as `core.orders.cost` has it; None where the custodian's fees are not known.
    `whole` is the shares that the order is measured by: its own, or of the order over time that it is a part
    of. `whole_dollars` is its dollars, measured so.
    """

    __slots__ = (
        "account",
        "bought_before",
        "buys",
        "dollars",
        "earlier",
        "earlier_own",
        "ground",
        "instrument",
        "is_part",
        "leg",
        "legs",
        "market",
        "own",
        "price",
        "standing",
        "upto",
        "whole",
        "worst_cash",
    )

    def __init__(
        self,
        leg: Leg,
        legs: tuple[Leg, ...],
        ground: Ground,
        *,
        own: tuple[Leg, ...],
        dollars: Decimal,
        earlier: Decimal,
        earlier_own: Decimal,
        bought_before: Decimal,
        whole: Decimal | None,
    ) -> None:
        market = ground.market
        standing = ground.standings[leg.account]
        price = market.prices.get(leg.symbol)
        self.leg: Final = leg
        self.whole: Final = leg.quantity if whole is None else whole
        self.is_part: Final = whole is not None
        self.legs: Final = legs
        self.own: Final = own  # legs of the same account, in order
        self.upto: Final = own if len(own) == 1 else tuple(one for one in own if one.leg <= leg.leg)
        self.ground: Final = ground
        self.market: Final[Market] = market
        self.standing: Final[Standing] = standing
        self.account: Final[Account] = standing.account
        self.instrument: Final[Instrument | None] = market.instruments.get(leg.symbol)
        self.price: Final = None if price is None else price.price
        self.buys: Final = leg.side is Side.BUY
        custodian = standing.custodian
        self.worst_cash: Final = None if custodian is None else worst_cash(leg, custodian.ticket_fee)
        self.dollars: Final = dollars
        self.earlier: Final = earlier
        self.earlier_own: Final = earlier_own
        self.bought_before: Final = bought_before

    @property
    def whole_dollars(self) -> Decimal:
        return self.dollars if not self.is_part else self.dollars * self.whole / self.leg.quantity


def intents(legs: Sequence[Leg], ground: Ground, *, whole: Decimal | None = None) -> tuple[Intent, ...]:
    """One intent a leg, in the order of their numbers. `whole`: they are parts of an order of so many shares.

    Raises: KeyError: an account is not of the picture's household.
    """
    if len(legs) == 1:
        alone = tuple(legs)
        return (_intent(alone[0], alone, alone, ground, ZERO, ZERO, ZERO, whole),)
    together = tuple(sorted(legs, key=lambda leg: leg.leg))
    found, earlier = [], ZERO
    own: dict[AccountId, tuple[Leg, ...]] = {}
    asked: dict[AccountId, Decimal] = {}
    bought: dict[AccountId, Decimal] = {}
    for account in {leg.account for leg in together}:
        own[account] = tuple(leg for leg in together if leg.account == account)
        asked[account] = bought[account] = ZERO
    for leg in together:
        account = leg.account
        one = _intent(leg, together, own[account], ground, earlier, asked[account], bought[account], whole)
        found.append(one)
        earlier += one.dollars
        asked[account] += one.dollars
        bought[account] += one.dollars if one.buys else ZERO
    return tuple(found)


def _intent(
    leg: Leg,
    legs: tuple[Leg, ...],
    own: tuple[Leg, ...],
    ground: Ground,
    earlier: Decimal,
    earlier_own: Decimal,
    bought_before: Decimal,
    whole: Decimal | None,
) -> Intent:
    return Intent(
        leg,
        legs,
        ground,
        own=own,
        dollars=leg.quantity * max(worst_price(leg), leg.reference_price),
        earlier=earlier,
        earlier_own=earlier_own,
        bought_before=bought_before,
        whole=whole,
    )
