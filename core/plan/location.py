"""The same holdings in better places: what is taxed as income moves to where no tax is paid.

Rule 1: funds of fixed income move from taxed accounts to an ira, then to a roth, and as many dollars of
shares move the other way. The household's whole stays as it is.
Rule 2: no account leaves its tolerance: each keeps its own model and uses only the room that it has.
Rule 3: taxed accounts sell only what costs no tax, unless a gains budget is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Market, ModelPortfolio, Picture
from core.errors import BadInput
from core.ids import AccountId, Symbol
from core.plan.assumptions import Assumptions
from core.plan.cash_needs import cash_need, lasting
from core.plan.drift import beyond, priced_value
from core.plan.start import why_blocked
from core.plan.tax import TAXED_KINDS
from core.plan.tax_aware import TaxAware, toward
from core.plan.trade import Trade

ZERO: Final = Decimal(0)
INCOME: Final = "Fixed Income"
SHELTERS: Final = ("ira", "roth")
ROOM_LEFT: Final = Decimal("0.9")  # of a tolerance: what rounding and the day may add stays inside
Places = Mapping[AccountId, tuple[Trade, ...] | str]


def locate(
    picture: Picture,
    accounts: Sequence[AccountId],
    assumptions: Assumptions,
    *,
    share: Decimal,
    way: TaxAware,
) -> Places:
    """Every account's trades, or why it has none. `share` is how much of the room is used."""
    market = picture.market
    ready: dict[AccountId, Account] = {}
    places: dict[AccountId, tuple[Trade, ...] | str] = {}
    for account in picture.household.accounts:
        why = _why_not(account, market, assumptions)
        if accounts and account.id not in accounts:
            continue
        if why:
            places[account.id] = why
        else:
            ready[account.id] = account
    moves = _moves(ready, market, share)
    if not moves:
        return {**places, **dict.fromkeys(ready, "nothing is better placed elsewhere inside the tolerances")}
    for id_, account in ready.items():
        moved = moves.get(id_)
        if moved is None:
            places[id_] = "nothing is better placed elsewhere inside the tolerances"
            continue
        limited = replace(way, gains_budget=way.gains_budget if way.gains_budget is not None else ZERO)
        places[id_] = toward(replace(account, model=moved), market, assumptions, limited)
    return places


def _why_not(account: Account, market: Market, assumptions: Assumptions) -> str | None:
    if account.model is None:
        return "the account has no model portfolio"
    blocked = why_blocked(account, market)
    if blocked:
        return blocked
    need = cash_need(account, session=market.session, horizon=assumptions.outflow_horizon)
    if beyond(lasting(account, need), market):
        return "the account is out of tolerance: rebalance it first"
    return None


def _moves(
    ready: Mapping[AccountId, Account], market: Market, share: Decimal
) -> Mapping[AccountId, ModelPortfolio]:
    """The models as they would be met: more income in the shelters, less of it outside, dollar for dollar."""
    taxed = [a for a in ready.values() if a.kind in TAXED_KINDS]
    shelters = sorted(
        (a for a in ready.values() if a.kind in SHELTERS), key=lambda a: (SHELTERS.index(a.kind), a.id)
    )
    moved: dict[AccountId, ModelPortfolio] = {}
    for shelter in shelters:
        room = _room(shelter, market, share, more=True) - _used(moved, shelter, market)
        for other in taxed:
            left = _room(other, market, share, more=False) - _used(moved, other, market)
            dollars = min(room, left)
            if dollars <= 0:
                continue
            moved[shelter.id] = _tilted(moved.get(shelter.id, _model(shelter)), shelter, market, dollars)
            moved[other.id] = _tilted(moved.get(other.id, _model(other)), other, market, -dollars)
            room -= dollars
    return moved


def _room(account: Account, market: Market, share: Decimal, *, more: bool) -> Decimal:
    """Dollars that its income funds may grow or shrink by, others standing against them."""
    model, value = _model(account), priced_value(account, market)
    income, shares = _split(model, market)
    if not income or not shares:
        return ZERO

    def by(group: Sequence[Symbol]) -> Decimal:
        steps = (model.tolerance_of(s) * ROOM_LEFT * share / model.weights[s] for s in group)
        return min(steps) * sum((model.weights[s] for s in group), ZERO)

    most = sum((model.weights[s] for s in (shares if more else income)), ZERO)
    return min(by(income), by(shares), most) * value


def _used(moved: Mapping[AccountId, ModelPortfolio], account: Account, market: Market) -> Decimal:
    before, after = _model(account), moved.get(account.id)
    if after is None:
        return ZERO
    income, _ = _split(before, market)
    return abs(sum((after.weights[s] - before.weights[s] for s in income), ZERO)) * priced_value(
        account, market
    )


def _tilted(model: ModelPortfolio, account: Account, market: Market, dollars: Decimal) -> ModelPortfolio:
    """So many dollars more in income and fewer in shares, each in proportion."""
    by = dollars / priced_value(account, market)
    income, shares = _split(model, market)
    weights = dict(model.weights)
    for group, change in ((income, by), (shares, -by)):
        whole = sum((model.weights[s] for s in group), ZERO)
        for symbol in group:
            weights[symbol] += change * model.weights[symbol] / whole
    return replace(model, weights=weights)


def _split(model: ModelPortfolio, market: Market) -> tuple[list[Symbol], list[Symbol]]:
    """The model's symbols of fixed income, and the others; only what has a weight."""
    income: list[Symbol] = []
    shares: list[Symbol] = []
    for symbol, weight in sorted(model.weights.items()):
        if weight > 0:
            instrument = market.instruments.get(symbol)
            (income if instrument is not None and instrument.sector == INCOME else shares).append(symbol)
    return income, shares


def _model(account: Account) -> ModelPortfolio:
    if account.model is None:
        raise BadInput(f"account {account.id!r} has no model portfolio", fix="leave it out", field="accounts")
    return account.model
