"""A live order whose place another is to take, and the picture as if that one were gone.

Rule 1: the two share what they keep of the account: nothing is counted twice, and nothing is freed before the
    append says so.
Rule 2: a sale that takes another's place uses that one's lots from behind: whatever that one executes
    meanwhile takes none of the same shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from core.book.activity import Asked
from core.ids import AccountId, LotId, OrderId, PersonId, Symbol
from core.orders.events import Side

if TYPE_CHECKING:
    from core.book.picture import Account, Picture

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Replaced:
    """`left` and `executed` are shares; `lots` what is left of a sale's, in the order of use.

    `cash` is dollars that it keeps of the account, `counted` what it counts in the day's sums beyond what was
    executed, `brought` dollars of what was.
    """

    order: OrderId
    account: AccountId
    advisor: PersonId
    symbol: Symbol
    side: Side
    left: Decimal
    executed: Decimal
    lots: tuple[tuple[LotId, Decimal], ...]
    cash: Decimal
    counted: Decimal
    brought: Decimal

    def last_lots(self, shares: Decimal) -> tuple[tuple[LotId, Decimal], ...]:
        """The lots that it would use last, the last one first: fewer shares where there are not that many."""
        found, wanted = [], shares
        for lot, quantity in reversed(self.lots):
            taken = min(quantity, wanted)
            if taken > 0:
                found.append((lot, taken))
                wanted -= taken
        return tuple(found)


def lots_left(choices: Mapping[LotId, Decimal], filled: Decimal) -> tuple[tuple[LotId, Decimal], ...]:
    """What is left of a sale's lots once these shares are filled, in their order."""
    found = []
    for lot, quantity in choices.items():
        used = min(filled, quantity)
        filled -= used
        if quantity > used:
            found.append((lot, quantity - used))
    return tuple(found)


def as_if_gone(picture: Picture, replaced: Replaced) -> Picture:
    """The picture without what that order keeps, for asking about the one that takes its place."""
    household = picture.household
    accounts = tuple(_freed(a, replaced) if a.id == replaced.account else a for a in household.accounts)
    activity = picture.activity
    if activity.agent is not None:
        activity = replace(activity, agent_dollars=max(ZERO, activity.agent_dollars - replaced.counted))
    activity = replace(
        activity,
        asked=tuple(_ended(one, replaced) for one in activity.asked),
        advisor_dollars=activity.advisor_dollars - replaced.counted,
        firm_dollars=activity.firm_dollars - replaced.counted,
    )
    return replace(
        picture,
        household=replace(household, accounts=accounts),
        activity=activity,
        replaced=replaced,
    )


def _freed(account: Account, replaced: Replaced) -> Account:
    reserved = dict(account.reserved_lots)
    for lot, quantity in replaced.lots:
        reserved[lot] = max(ZERO, reserved.get(lot, ZERO) - quantity)
    cash = replace(account.cash, reserved=account.cash.reserved - replaced.cash)
    return replace(account, reserved_lots=reserved, cash=cash)


def _ended(one: Asked, replaced: Replaced) -> Asked:
    if one.order != replaced.order:
        return one
    return replace(one, dollars=replaced.brought, remaining=ZERO)
