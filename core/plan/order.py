"""One order, asked for by name: what it would use and what would come of it.

Rule 1: the advisor's words choose account, symbol, side, quantity and limit; nothing here changes one.
Rule 2: an order that cannot be priced is set aside; whether one may trade is asked of `core.risk`.
Rule 3: a sale uses the lots that are named, or those of the named method, else those of highest cost; asking
for more than is held leaves shares without a lot, which the policies deny. One that takes a live sale's place
uses what is left of that one's lots.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.book.picture import Account, Picture
from core.book.replaced import Replaced
from core.errors import BadInput, NotFound
from core.ids import Symbol
from core.market.calendar import session_close, session_open
from core.money import tidy
from core.orders.content import LotChoice, Preview
from core.orders.events import OrderType, Request, Side
from core.orders.planning import Planning
from core.orders.schedule import Schedule, schedule_of
from core.plan.assumptions import Assumptions
from core.plan.band import band, unusable_price
from core.plan.legs import parts_of
from core.plan.lots import lots_by, named_lots
from core.plan.preview import shown, untouched
from core.plan.trade import Plan, Trade


def single_order(picture: Picture, request: Request, assumptions: Assumptions) -> Plan:
    """The plan of a request of kind `order`: one trade, or its account set aside.

    Raises:
        BadInput: a field is missing or does not fit; names it. Nothing is planned.
        NotFound: the account is not of this household. Nothing is planned.
    """
    account = account_of(picture, request)
    trade = trade_of(picture, account, request, assumptions)
    if isinstance(trade, str):
        return set_aside(account, picture, assumptions, trade)
    schedule = _schedule(picture, request, trade)
    trades = (trade,) if schedule is None else tuple(parts_of(trade, schedule))
    seen = shown(account, trades, picture.market, assumptions)
    return Plan(trades, {}, Preview(rows=seen.rows, accounts=(seen.summary,)), schedule)


def _schedule(picture: Picture, request: Request, trade: Trade) -> Schedule | None:
    """Over which time it goes out; None where it goes at once."""
    if not over_time(request):
        return None
    if request.replaces is not None:
        raise BadInput(
            "an order over time takes nobody's place", fix="cancel that one first", field="replaces"
        )
    market = picture.market
    session = date.fromisoformat(request.for_session) if request.for_session else market.session
    now = market.now if session == market.session else session_open(session)
    return schedule_of(request.planning, trade.quantity, now=now, close=session_close(session))


def over_time(request: Request) -> bool:
    """Whether it asks to go out in parts."""
    how = request.planning
    return how is not None and not (how.minutes is None and how.parts is None)


def set_aside(account: Account, picture: Picture, assumptions: Assumptions, why: str) -> Plan:
    """A plan without a trade."""
    summary = untouched(account, picture.market, assumptions, why)
    return Plan((), {account.id: why}, Preview(rows=(), accounts=(summary,)))


def trade_of(picture: Picture, account: Account, request: Request, assumptions: Assumptions) -> Trade | str:
    """The one trade that is asked for, or why none can be planned.

    Raises:
        BadInput: a field is missing or does not fit; names it.
    """
    symbol, side, quantity = _asked(request)
    replaced = _replaced(picture, account, request, symbol, side)
    why = _unplannable(picture, symbol, assumptions)
    if why:
        return why
    return Trade(
        account=account.id,
        symbol=symbol,
        side=side,
        quantity=tidy(quantity),
        lots=_lots(picture, account, request, symbol, side, quantity, replaced, assumptions),
        reference_price=picture.market.prices[symbol].price,
        order_type=request.order_type or OrderType.MARKET,
        limit_price=None if request.limit_price is None else tidy(request.limit_price),
        replaces=None if replaced is None else replaced.order,
        executed_before=None if replaced is None else tidy(replaced.executed),
    )


def account_of(picture: Picture, request: Request) -> Account:
    """The one account that an order names."""
    if len(request.accounts) != 1:
        raise BadInput(
            f"an order is for one account, not {len(request.accounts)}", fix="name one", field="accounts"
        )
    account = next((a for a in picture.household.accounts if a.id == request.accounts[0]), None)
    if account is None:
        raise NotFound(
            f"{request.accounts[0]!r} is not an account of household {picture.household.id!r}",
            fix="name an account of the household",
            field="accounts",
        )
    return account


def _asked(request: Request) -> tuple[Symbol, Side, Decimal]:
    if request.symbol is None:
        raise BadInput("the order names no symbol", fix="name a listed symbol", field="symbol")
    if request.side is None:
        raise BadInput("the order does not say buy or sell", fix="say which", field="side")
    if request.quantity is None or request.quantity <= 0:
        raise BadInput(
            f"quantity {request.quantity} is not above zero", fix="give a number of shares", field="quantity"
        )
    limited = request.order_type is OrderType.LIMIT
    if limited and (request.limit_price is None or request.limit_price <= 0):
        raise BadInput(
            "a limit order needs a limit price above zero", fix="give the limit price", field="limit_price"
        )
    if not limited and request.limit_price is not None:
        raise BadInput(
            "only a limit order has a limit price",
            fix="ask for a limit order, or leave the price out",
            field="limit_price",
        )
    return request.symbol, request.side, request.quantity


def _unplannable(picture: Picture, symbol: Symbol, assumptions: Assumptions) -> str | None:
    instrument = picture.market.instruments.get(symbol)
    if instrument is None:
        return f"{symbol} is not an instrument that the firm lists"
    why = unusable_price(symbol, picture.market)
    if why:
        return why
    reference = picture.market.prices[symbol].price
    try:
        band(reference=reference, tick=instrument.tick, width=assumptions.limits.price_band)
    except BadInput as bad:
        return bad.says
    return None


def _replaced(
    picture: Picture, account: Account, request: Request, symbol: Symbol, side: Side
) -> Replaced | None:
    """The live order whose place this one takes; None where it takes nobody's.

    Raises:
        BadInput: that order has ended, or is another account's, security's or side's.
    """
    if request.replaces is None:
        return None
    found = picture.replaced
    if found is None or found.order != request.replaces:
        raise BadInput(
            f"order {request.replaces!r} is not at work any more",
            fix="place an order of its own",
            field="replaces",
        )
    if (found.account, found.symbol, found.side) != (account.id, symbol, side):
        raise BadInput(
            f"order {request.replaces!r} is another account's, security's or side's",
            fix="replace it by an order of the same account, security and side",
            field="replaces",
        )
    return found


def _lots(
    picture: Picture,
    account: Account,
    request: Request,
    symbol: Symbol,
    side: Side,
    quantity: Decimal,
    replaced: Replaced | None,
    assumptions: Assumptions,
) -> tuple[LotChoice, ...]:
    if side is Side.BUY:
        return ()
    if replaced is not None:
        found = replaced.last_lots(quantity)
        return tuple(LotChoice(lot=lot, quantity=tidy(shares)) for lot, shares in found)
    how = request.planning or Planning()
    if how.lots:
        return named_lots(account, symbol, quantity, how.lots)
    price, on = picture.market.prices[symbol].price, picture.market.session
    return lots_by(how.lot_method, account, symbol, quantity, price=price, on=on, rates=assumptions.rates)
