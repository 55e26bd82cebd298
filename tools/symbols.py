"""Securities by the words that name them, and how many shares other words come to.

Rule 1: a draft needs the symbol and the number of shares in the advisor's own words. What she says otherwise
    is answered with what it comes to, for her to write: nothing is drafted of it.
"""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR
from typing import Final

from core.book.picture import Account, Market, Picture
from core.ids import Symbol
from core.orders.planning_said import dollars_said
from tools.contract import Refusal

_NAME_WORD: Final = re.compile(r"[a-z0-9&]+")
_PARTS: Final = {"all": 1, "half": 2, "a third": 3, "one third": 3, "a quarter": 4, "one quarter": 4}


def known_symbol(words: str, market: Market) -> Symbol:
    """The security that these words name: by its symbol, or by its company's name where only one has it.

    For looking alone: a draft needs the symbol itself in the advisor's words.
    """
    symbol = Symbol(words.strip().upper())
    if symbol in market.instruments:
        return symbol
    found = _called(words, market)
    if len(found) != 1:
        could = f"; it could be {', '.join(found)}" if found else ""
        raise Refusal(
            f"{words!r} is not a symbol that this firm knows{could}; write its symbol", code="unknown_symbol"
        )
    return found[0]


def _called(words: str, market: Market) -> list[Symbol]:
    """What is named so: each of the words begins the name, "Inc." and the like aside."""
    wanted = _NAME_WORD.findall(words.casefold())
    return [
        symbol
        for symbol, instrument in sorted(market.instruments.items())
        if wanted and _NAME_WORD.findall(instrument.name.casefold())[: len(wanted)] == wanted
    ]


def symbol_of(words: str, picture: Picture) -> Symbol:
    symbol = Symbol(words.strip().upper())
    instrument = picture.market.instruments.get(symbol)
    if instrument is None:
        found = _called(words, picture.market)
        says = (
            f"{words!r} is {found[0]} here; an order is drafted by its symbol, so write {found[0]}"
            if len(found) == 1
            else f"{words!r} is not a symbol that this firm knows; write its symbol"
        )
        raise Refusal(says, code="unknown_symbol")
    if not instrument.tradable:
        raise Refusal(
            f"{symbol} is a {instrument.kind.replace('_', ' ')}: it can be held and shown, not traded here; "
            "only listed US shares and ETFs are traded",
            code="not_traded",
        )
    return symbol


def in_shares(words: str, account: Account, symbol: Symbol, market: Market) -> str | None:
    """What dollars, or a part of what is held, come to in shares: a question back. None: it is a number."""
    said = " ".join(words.casefold().split())
    if parts := _PARTS.get(said.removesuffix(" of").removesuffix(" the")):
        held = account.free_shares(symbol)
        some = (held / parts).to_integral_value(ROUND_FLOOR)
        if not held:
            return f"{account.id} holds no {symbol} that is free to sell"
        return (
            f"{account.id} holds {held.normalize():,f} {symbol}; write the number of shares, "
            f"such as {some.normalize():,f}"
        )
    amount, price = dollars_said(words) if "$" in words else None, market.prices.get(symbol)
    if amount is None or price is None:
        return None
    some = (amount / price.price).to_integral_value(ROUND_FLOOR)
    return (
        f"an order is of shares: at ${price.price.normalize():,f} a share ${amount:,.2f} is {some:,f} "
        f"{symbol}; write the number of shares"
    )
