"""What is left of an order that was executed in part, and whether her words ask for it to be taken up.

Rule 1: pure, as `core.orders.provenance`: the worker asks it with the orders that it reads itself.
Rule 2: account, security and side are those of the one order that she names, by its id, its symbol or its
    account; a name that fits several proves nothing.
Rule 3: shares and limit are what is left of it, or a number in her words.
Rule 4: an order that is at work is only ever replaced: its rest is never drafted beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.ids import AccountId, OrderId, Symbol
from core.orders.request import Request, Side

TAKES_UP: Final = re.compile(
    r"\b(?:rest|remainder|remaining|unfilled|left ?over|what['’]?s left|finish|partial(?:ly)?[- ]fill\w*"
    r"|(?:only |has )*(?:half|partly|partially) fill\w*|only filled)\b",
    re.IGNORECASE,
)
CHANGES: Final = re.compile(
    r"\b(?:change|amend|modify|move|raise|lower|cut|increase|reduce|bump|replace|update|adjust|make|set)\b",
    re.IGNORECASE,
)

Said = Mapping[str, Sequence[str]]
Number = Callable[[str], Decimal | None]


@dataclass(frozen=True, slots=True)
class Rest:
    """`left`: shares that are not executed. `live`: the order is at work."""

    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    left: Decimal
    limit_price: Decimal | None
    live: bool

    def is_called(self, words: str) -> bool:
        return words.strip().casefold() in (self.order, self.symbol.casefold(), self.account.casefold())


def one_called(words: str, rests: Sequence[Rest]) -> Rest | None:
    """The one order that these words name."""
    found = [rest for rest in rests if rest.is_called(words)]
    return found[0] if len(found) == 1 else None


def takes_up(request: Request, said: Said) -> bool:
    """Whether the request is proven by an order that was before it."""
    return request.kind == "order" and (request.replaces is not None or bool(said.get("order")))


def rest_fields(
    request: Request, said: Said, rests: Sequence[Rest], number: Number
) -> Iterator[tuple[str, bool]]:
    """Each field of such a request with whether it is proven."""
    asks = CHANGES if request.replaces is not None else TAKES_UP
    yield "kind", any(asks.fullmatch(words.strip()) for words in said.get("kind", ()))
    of_kind = [rest for rest in rests if rest.live is (request.replaces is not None)]
    named = {rest for words in said.get("order", ()) if (rest := one_called(words, of_kind))}
    rest = named.pop() if len(named) == 1 else None
    yield (
        "order",
        rest is not None
        and (
            (request.replaces or rest.order, *request.accounts) == (rest.order, rest.account)
            and (request.symbol, request.side) == (rest.symbol, rest.side)
        ),
    )
    if rest is None:
        return
    wanted = request.quantity
    yield "quantity", wanted == rest.left or any(number(w) == wanted for w in said.get("quantity", ()))
    limit = request.limit_price
    yield (
        "limit_price",
        limit == rest.limit_price or any(number(w) == limit for w in said.get("limit_price", ())),
    )
