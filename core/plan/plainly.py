"""A plain order, from what is asked to the texts that are kept of it, without the parts in between.

Rule 1: it says yes or nothing. What it writes is to the byte what `core.plan.direct` and the fact itself
    write; whatever is not plain goes that way. A test holds the two equal.
Rule 2: plain is an order for this session that takes nobody's place and that every policy lets pass. What a
    policy denies is denied here: of it there is no content to write.
Rule 3: every figure is worked out as `core.plan.preview` does it, and rounded by the same methods.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from core.book.gains import Realised, gains
from core.book.picture import Account
from core.errors import BadInput
from core.ids import Digest, ProposalId
from core.money import CENT, tidy, to_cents
from core.orders.content import Leg
from core.orders.events import OrderType, ProposalAssessed, Request, Side
from core.plan.assumptions import Assumptions
from core.plan.band import Band, band
from core.plan.direct import all_passed
from core.plan.drift import weight_of
from core.plan.legs import leg_of
from core.plan.lots import lots_by
from core.plan.preview import ACCESS_FEE, drift_of, traded
from core.plan.tax import NO_GAINS, estimated_tax
from core.plan.tiers import tier_of_one
from core.plan.trade import Trade
from core.risk.intent import intents
from core.risk.policy import Policy, Verdict, assess
from core.risk.standing import Ground, Standing
from core.shapes import worked_out

ZERO: Final = Decimal(0)
_ASSESSED: Final = worked_out(ProposalAssessed)
_json: Final = msgspec.json.Encoder().encode
SURE_DIGITS: Final = 28  # of a number's text: `normalize` rounds to no fewer


class Asked(NamedTuple):
    """An order as the policies answered it. `verdict` has no finding that needs a reason."""

    request: Request
    ground: Ground
    standing: Standing
    trade: Trade
    leg: Leg
    verdict: Verdict


class Written(NamedTuple):
    """`payload` is the fact's text, as the journal has it."""

    fact: ProposalAssessed
    payload: str


def answered(
    proposal: ProposalId,
    request: Request,
    ground: Ground,
    assumptions: Assumptions,
    policies: tuple[Policy, ...],
) -> Asked | None:
    """What the policies say to it; None where it is not plain, or needs a written reason."""
    account = ground.accounts.get(request.accounts[0]) if len(request.accounts) == 1 else None
    if account is None or not _plain(request):
        return None
    trade, edges = _trade(request, account, ground, assumptions)
    if trade is None or edges is None:
        return None
    leg = leg_of(proposal, 0, trade, edges, (), may_release_less=False)
    verdict = assess(intents((leg,), ground), policies, assumptions.limits)
    if verdict.answers and not verdict.breaches:
        return None
    return Asked(request, ground, ground.standings[account.id], trade, leg, verdict)


def written(proposal: ProposalId, asked: Asked, assumptions: Assumptions) -> Written:
    """What is assessed of an order that every policy lets pass."""
    picture, leg = asked.ground.picture, asked.leg
    account, worth = asked.standing.account, asked.standing.worth
    tier = tier_of_one(leg, account, picture, assumptions.limits, worth=worth)
    consent = not account.discretionary
    content = _content(proposal, asked, tier)
    preview = _preview(asked, assumptions)
    digest = Digest(sha256(content.encode()).hexdigest())
    fact = _ASSESSED(
        proposal=proposal,
        content=content,
        digest=digest,
        tier=tier,
        needs_consent=consent,
        findings=all_passed(asked.verdict.asked),
        preview=preview,
    )
    payload = (
        f'{{"content":{_json(content).decode()},"digest":"{digest}","findings":{_passed(asked.verdict.asked)}'
        f',"needs_consent":{_yes(consent)},"preview":{_json(preview).decode()}'
        f',"proposal":"{proposal}","tier":{tier}}}'
    )
    return Written(fact, payload)


def drafted_text(proposal: ProposalId, request: Request) -> str | None:
    """The payload of a draft of it; None where it is not plain."""
    if not _plain(request) or len(request.accounts) != 1:
        return None
    return (
        f'{{"agent":null,"proposal":"{proposal}","provenance":[],"request":'
        f'{{"accounts":[{_word(request.accounts[0])}],"for_session":null,"household":{_word(request.household)}'
        f',"kind":"order","limit_price":{_amount(request.limit_price)},"order_type":"{request.order_type}"'
        f',"planning":null,"quantity":{_amount(request.quantity)},"replaces":null,"side":"{request.side}"'
        f',"symbol":{_word(str(request.symbol))}}},"supersedes":null,"thread":null}}'
    )


def _plain(request: Request) -> bool:
    """Whether nothing is asked but an order of a symbol, now. What does not fit is for others to refuse."""
    limited, limit = request.order_type is OrderType.LIMIT, request.limit_price
    return (
        request.kind == "order"
        and request.symbol is not None
        and request.symbol.isascii()
        and request.symbol.isprintable()  # what no journal can hold is for the fact to refuse
        and request.side is not None
        and request.order_type is not None
        and request.quantity is not None
        and request.quantity > 0
        and (limit is not None and limit > 0 if limited else limit is None)
        and request.replaces is None
        and request.for_session is None
        and request.planning is None
    )


def _trade(
    request: Request, account: Account, ground: Ground, assumptions: Assumptions
) -> tuple[Trade, Band] | tuple[None, None]:
    """The trade and the edges of its band; none where nothing can be planned on its price."""
    market, symbol, side, quantity = ground.market, request.symbol, request.side, request.quantity
    if symbol is None or side is None or quantity is None:
        return None, None
    instrument, price = market.instruments.get(symbol), market.prices.get(symbol)
    known = account.custodian in market.custodians
    if instrument is None or price is None or price.session < market.previous_session or not known:
        return None, None
    try:
        edges = _edges(price.price, instrument.tick, assumptions.limits.price_band)
    except BadInput:
        return None, None
    rates, on, shares = assumptions.rates, market.session, tidy(quantity)
    sells = side is Side.SELL
    lots = lots_by(None, account, symbol, shares, price=price.price, on=on, rates=rates) if sells else ()
    limit = None if request.limit_price is None else tidy(request.limit_price)
    kind = request.order_type or OrderType.MARKET
    return Trade(account.id, symbol, side, shares, lots, price.price, kind, limit), edges


@lru_cache(maxsize=1 << 12)
def _edges(reference: Decimal, tick: Decimal, width: Decimal) -> Band:
    return band(reference=reference, tick=tick, width=width)


def _content(proposal: ProposalId, asked: Asked, tier: int) -> str:
    leg, picture, account = asked.leg, asked.ground.picture, asked.standing.account
    model, home = account.model, picture.household
    lots = ",".join([f'{{"lot":{_word(one.lot)},"quantity":"{one.quantity:f}"}}' for one in leg.lots])
    return (
        f'{{"advisor":{_word(home.advisor)},"findings":[],"household":{_word(home.id)},"kind":"order"'
        f',"legs":[{{"account":{_word(leg.account)},"band_high":"{leg.band_high:f}"'
        f',"band_low":"{leg.band_low:f}","funded_by":[],"leg":0,"limit_price":{_amount(leg.limit_price)}'
        f',"lots":[{lots}],"may_release_less":false,"order":"{leg.order}","order_type":"{leg.order_type}"'
        f',"quantity":"{leg.quantity:f}","reference_price":"{leg.reference_price:f}","side":"{leg.side}"'
        f',"symbol":{_word(leg.symbol)},"time_in_force":"day"}}],"model_versions":'
        f"[{'' if model is None else _word(f'{model.id}@{model.version}')}]"
        f',"needs_consent":{_yes(not account.discretionary)},"policy_set":"{asked.verdict.policy_set}"'
        f',"portfolio_seq":{picture.as_of_seq},"proposal":"{proposal}","tier":{tier}'
        f',"valid_for":"{picture.market.session}"}}'
    )


def _preview(asked: Asked, assumptions: Assumptions) -> str:
    """As `core.plan.preview.shown_briefly` has it."""
    trade, market, account = asked.trade, asked.ground.market, asked.standing.account
    price, total, model, buys = (
        trade.reference_price,
        asked.standing.worth,
        account.model,
        trade.side is Side.BUY,
    )
    exact = trade.dollars
    dollars = to_cents(exact)
    spread = market.instruments[trade.symbol].spread_bps
    cost = to_cents(exact * spread / 20_000) + to_cents(trade.quantity * ACCESS_FEE)
    cost += market.custodians[account.custodian].ticket_fee
    then, held = asked.standing.shares.get(trade.symbol, ZERO), account.cash
    now = then + trade.quantity if buys else then - sum([one.quantity for one in trade.lots], ZERO)
    cash_then = held.settled + held.unsettled + held.held
    cash_now = cash_then - cost + (-dollars if buys else dollars)
    after = total + (now - then) * price + cash_now - cash_then
    name = _word(account.id)
    share_target = cash_target = "null"
    drift_before = drift_after = "0"
    if model is not None:
        share_target = _amount(model.weights.get(trade.symbol) or ZERO)
        cash_target = _amount(model.cash_weight)
        drift_before = f"{drift_of(account, market, assumptions):f}"
        drift_after = f"{drift_of(traded(account, (trade,), market, cost), market, assumptions):f}"
    realised = NO_GAINS if buys else gains(_realised(asked))
    tax = estimated_tax(realised, kind=account.kind, rates=assumptions.rates)
    was, comes = _cents(cash_then), _cents(cash_now)
    value_then, value_now = then * price, now * price
    return (
        f'{{"accounts":[{{"account":{name},"cash_after":"{comes}","drift_after":"{drift_after}"'
        f',"drift_before":"{drift_before}","estimated_cost":"{cost:f}","estimated_tax":"{tax:f}"'
        f',"long_term_gain":"{_cents(realised.long_term)}","set_aside":null'
        f',"short_term_gain":"{_cents(realised.short_term)}","turnover":"{weight_of(exact, total):f}"'
        f',"value":"{_cents(total)}"}}],"alternatives":[],"notes":[],"rows":[{{"account":{name}'
        f',"shares_after":"{_tidied(now)}","shares_before":"{_tidied(then)}","symbol":{_word(trade.symbol)}'
        f',"target":{share_target},"value_after":"{_cents(value_now)}","value_before":"{_cents(value_then)}"'
        f',"weight_after":"{weight_of(value_now, after):f}"'
        f',"weight_before":"{weight_of(value_then, total):f}"}}'
        f',{{"account":{name},"shares_after":"{_tidied(to_cents(cash_now))}"'
        f',"shares_before":"{_tidied(to_cents(cash_then))}","symbol":"cash","target":{cash_target}'
        f',"value_after":"{comes}","value_before":"{was}","weight_after":"{weight_of(cash_now, after):f}"'
        f',"weight_before":"{weight_of(cash_then, total):f}"}}]}}'
    )


def _realised(asked: Asked) -> list[Realised]:
    lots, price, on = asked.standing.lots, asked.trade.reference_price, asked.ground.market.session
    return [
        Realised(
            one.quantity,
            one.quantity * price,
            one.quantity * lots[one.lot].cost_per_share,
            lots[one.lot].acquired_on,
            on,
        )
        for one in asked.trade.lots
    ]


def _cents(dollars: Decimal) -> str:
    return str(dollars.quantize(CENT, ROUND_HALF_EVEN))  # two decimals: never written with an exponent


def _tidied(number: Decimal) -> str:
    """The text of `tidy`."""
    text = str(number)
    if len(text) > SURE_DIGITS or "E" in text:
        return format(tidy(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(number: Decimal | None) -> str:
    return "null" if number is None else f'"{number:f}"'


def _yes(said: bool) -> str:
    return "true" if said else "false"


@lru_cache(maxsize=1 << 16)
def _word(text: str) -> str:
    """As JSON has it: ids come again."""
    return _json(text).decode()


@lru_cache(maxsize=64)
def _passed(asked: tuple[str, ...]) -> str:
    (one,) = all_passed(asked)
    return f"[{msgspec.json.encode(one.model_dump(mode='json'), order='sorted').decode()}]"
