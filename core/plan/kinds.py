"""Which plan each kind of request is, and what stands beside it.

Rule 1: a request is planned here and nowhere else: whoever computes it again gets the same plan.
Rule 2: beside a plan stand "do nothing" and one that costs less, in the same figures.
Rule 3: every account is ready or set aside with its reason; one exception never stops the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from core.book.picture import Account, Market, Picture
from core.errors import BadInput
from core.money import to_cents
from core.orders.content import Alternative
from core.orders.events import Request, Side
from core.orders.planning import LotMethod, Planning
from core.plan.assumptions import Assumptions
from core.plan.cash_plan import invest_cash, raise_cash
from core.plan.harvest import harvest_plan, harvestable, tax_year
from core.plan.leaving import exit_plan, years
from core.plan.location import locate
from core.plan.order import over_time, single_order
from core.plan.preview import untouched
from core.plan.rebalance import Way, account_plan, chosen, plan_each
from core.plan.tax_aware import TaxAware, bought_lately, tax_aware_plan
from core.plan.trade import Plan, Trade

ZERO: Final = Decimal(0)
ORDER: Final = "order"
ONE_ACCOUNT: Final = frozenset({"raise_cash", "exit"})
FEW: Final = 3
Found = tuple[Trade, ...] | str


def plan_of(picture: Picture, request: Request, assumptions: Assumptions) -> Plan:
    """The request's plan, with its alternatives and notes in its preview.

    Raises:
        BadInput: a field is missing or does not fit. Nothing is planned.
        NotFound: an account is not of the household. Nothing is planned.
    """
    _whole(request)
    plan = _bare(picture, request, assumptions)
    if not plan.trades:
        return plan
    beside = [("this plan", _meaning(request), plan), *_cheaper(picture, request, assumptions, plan)]
    rows = [figures(name, says, one) for name, says, one in beside]
    nothing = figures("do nothing", "the accounts stay as they are", _nothing(picture, request, assumptions))
    notes = (*_over(plan), *_notes(picture, request, assumptions))
    preview = plan.preview.model_copy(update={"alternatives": (rows[0], nothing, *rows[1:]), "notes": notes})
    return replace(plan, preview=preview)


def figures(name: str, says: str, plan: Plan) -> Alternative:
    """A plan in one row: sums over its accounts, and the largest drift of any."""
    summaries = plan.preview.accounts

    def total(figure: str) -> Decimal:
        return sum((getattr(one, figure) for one in summaries), ZERO)

    return Alternative(
        name=name,
        says=says,
        orders=len(plan.trades),
        drift=max((one.drift_after for one in summaries), default=ZERO),
        short_term_gain=to_cents(total("short_term_gain")),
        long_term_gain=to_cents(total("long_term_gain")),
        estimated_tax=to_cents(total("estimated_tax")),
        estimated_cost=to_cents(total("estimated_cost")),
        trades=to_cents(sum((trade.dollars for trade in plan.trades), ZERO)),
    )


def _bare(picture: Picture, request: Request, assumptions: Assumptions) -> Plan:
    if request.kind == ORDER:
        return single_order(picture, request, assumptions)
    return plan_each(picture, request.accounts, assumptions, _way(picture, request, assumptions))


def _way(picture: Picture, request: Request, assumptions: Assumptions) -> Way:
    how = request.planning or Planning()
    aware = TaxAware(gains_budget=how.gains_budget, weigh=True, washed=bought_lately(picture))

    def way(account: Account, market: Market, assumed: Assumptions) -> Found:
        match request.kind:
            case "raise_cash":
                return raise_cash(account, market, assumed, dollars=how.dollars or ZERO, way=aware)
            case "invest_cash":
                return invest_cash(account, market, assumed, dollars=how.dollars, most_orders=None)
            case "harvest":
                return harvest_plan(
                    account, picture, assumed, symbol=request.symbol, replacement=how.replacement
                )
            case "exit" if request.symbol is not None:
                return exit_plan(
                    account, picture, assumed, symbol=request.symbol, gains_budget=how.gains_budget
                )
        if how.weigh_tax or how.gains_budget is not None:
            return tax_aware_plan(account, market, assumed, aware)
        return account_plan(account, market, assumed)

    return _placed(picture, request, assumptions, aware, Decimal(1)) if request.kind == "locate" else way


def _placed(
    picture: Picture, request: Request, assumptions: Assumptions, aware: TaxAware, share: Decimal
) -> Way:
    places = locate(picture, request.accounts, assumptions, share=share, way=aware)
    return lambda account, _, __: places[account.id]


def _cheaper(
    picture: Picture, request: Request, assumptions: Assumptions, plan: Plan
) -> Iterator[tuple[str, str, Plan]]:
    """The plan that costs less, where one does."""
    found = _other(picture, request, assumptions, plan)
    if found is None:
        return
    name, says, other = found
    if other.trades and other.trades != plan.trades:
        yield name, says, other


def _other(
    picture: Picture, request: Request, assumptions: Assumptions, plan: Plan
) -> tuple[str, str, Plan] | None:
    how = request.planning or Planning()
    washed = bought_lately(picture)
    aware = TaxAware(gains_budget=how.gains_budget, weigh=True, washed=washed)

    def each(way: Way) -> Plan:
        return plan_each(picture, request.accounts, assumptions, way)

    def tax_aware(way: TaxAware) -> Plan:
        return each(lambda account, market, assumed: tax_aware_plan(account, market, assumed, way))

    match request.kind:
        case "order":
            return _other_order(picture, request, assumptions, plan)
        case "rebalance" if how.weigh_tax or how.gains_budget is not None:
            barely = replace(aware, weigh=False)
            return "into tolerance only", "each holding just inside the tolerance", tax_aware(barely)
        case "rebalance":
            return "tax-aware", "drift is weighed against tax and cost", tax_aware(aware)
        case "raise_cash":
            untaxed = replace(aware, gains_budget=ZERO)
            return (
                "without net gains",
                "only sales that realise no net gain",
                each(lambda a, m, s: raise_cash(a, m, s, dollars=how.dollars or ZERO, way=untaxed)),
            )
        case "invest_cash":
            return (
                "largest gaps only",
                f"the {FEW} holdings furthest below target",
                each(lambda a, m, s: invest_cash(a, m, s, dollars=how.dollars, most_orders=FEW)),
            )
        case "harvest":
            return _largest_pair(picture, request, assumptions, plan)
        case "exit" if request.symbol is not None:
            symbol = request.symbol
            return (
                "without net gains",
                "only as much as realises no net gain this year",
                each(lambda a, _, s: exit_plan(a, picture, s, symbol=symbol, gains_budget=ZERO)),
            )
        case "locate":
            return (
                "half as far",
                "half of the room is used",
                each(_placed(picture, request, assumptions, aware, HALF)),
            )
    return None


HALF: Final = Decimal("0.5")


def _other_order(
    picture: Picture, request: Request, assumptions: Assumptions, plan: Plan
) -> tuple[str, str, Plan]:
    if request.side is Side.SELL:
        how = (request.planning or Planning()).model_copy(
            update={"lot_method": LotMethod.LEAST_TAX, "lots": ()}
        )
        other = single_order(picture, request.model_copy(update={"planning": how}), assumptions)
        if other.trades != plan.trades:
            return "lots of least tax", "the same sale out of the lots that cost the least tax", other
    half = max((request.quantity or ZERO) // 2, Decimal(1))
    smaller = request.model_copy(update={"quantity": half, "planning": None})
    return "half of it", "half as many shares", single_order(picture, smaller, assumptions)


def _largest_pair(
    picture: Picture, request: Request, assumptions: Assumptions, plan: Plan
) -> tuple[str, str, Plan]:
    found = harvestable(picture, request.accounts, assumptions)
    sold = {(t.account, t.symbol) for t in plan.trades if t.side is Side.SELL}
    first = next((one for one in found if (one.account, one.symbol) in sold), None)

    def way(account: Account, _: Market, assumed: Assumptions) -> Found:
        if first is None or account.id != first.account:
            return "left alone"
        how = request.planning or Planning()
        return harvest_plan(account, picture, assumed, symbol=first.symbol, replacement=how.replacement)

    return (
        "the largest loss only",
        "one sale and its replacement",
        plan_each(picture, request.accounts, assumptions, way),
    )


def _nothing(picture: Picture, request: Request, assumptions: Assumptions) -> Plan:
    market = picture.market
    still = tuple(untouched(a, market, assumptions, "left alone") for a in chosen(picture, request.accounts))
    plan = plan_each(picture, (), assumptions, lambda _, __, ___: "left alone")
    return replace(plan, preview=plan.preview.model_copy(update={"accounts": still}))


def _over(plan: Plan) -> Iterator[str]:
    how = plan.schedule
    if how is not None:
        yield (
            f"{how.says()}: the first leaves when it is released, each of the others at its time, and at "
            f"most {how.catch_up} in the time of one; what is not executed by the end comes back as a draft"
        )


def _notes(picture: Picture, request: Request, assumptions: Assumptions) -> Iterator[str]:
    how = request.planning or Planning()
    if request.kind == "harvest":
        found = harvestable(picture, request.accounts, assumptions)
        year = tax_year(picture, found)
        yield (
            f"${year.usable:,.2f} of losses are usable now: ${year.against_gains:,.2f} against gains of this "
            f"year, ${year.deductible:,.2f} against other income, ${year.carried:,.2f} carried forward; "
            f"${year.lost:,.2f} would be lost for good"
        )
        for one in found:
            clear = f"clear from {one.clear_on}" if one.clear_on else "clear now"
            yield (
                f"{one.symbol} in {one.account}: ${one.loss:,.2f} of losses, ${one.usable:,.2f} usable, "
                f"${one.deferred:,.2f} deferred, ${one.lost:,.2f} lost for good, {clear}; not to be bought "
                f"back before {one.buy_back_on}"
            )
    if request.kind == "exit" and request.symbol is not None:
        for account in chosen(picture, request.accounts):
            for sale in years(
                account, picture, assumptions, symbol=request.symbol, gains_budget=how.gains_budget
            ):
                yield (
                    f"{sale.year}: {sale.shares:,f} shares of {request.symbol}, net gain ${sale.gain:,.2f}, "
                    f"tax ${sale.tax:,.2f}, {sale.left:,f} left, at today's price"
                )


def _meaning(request: Request) -> str:
    how = request.planning or Planning()
    says = {
        "rebalance": "back to the model",
        "raise_cash": f"raise ${how.dollars or ZERO:,.2f} at the least tax",
        "invest_cash": "buy what the model lacks",
        "harvest": "sell at a loss, with a replacement",
        "exit": f"sell {request.symbol} within the year's budget",
        "locate": "income where no tax is paid, inside the tolerances",
        ORDER: "the order as asked",
    }[request.kind]
    aware = request.kind == "rebalance" and (how.weigh_tax or how.gains_budget is not None)
    return "drift is weighed against tax and cost" if aware else says


def _whole(request: Request) -> None:
    how = request.planning or Planning()
    if request.kind in ONE_ACCOUNT and len(request.accounts) != 1:
        raise BadInput("this is for one account", fix="name exactly one", field="accounts")
    if request.kind == "raise_cash" and how.dollars is None:
        raise BadInput("how much cash?", fix="give the dollars", field="dollars")
    if how.dollars is not None and how.dollars <= 0:
        raise BadInput(f"{how.dollars} dollars are none", fix="ask for more than zero", field="dollars")
    if how.gains_budget is not None and how.gains_budget < 0:
        raise BadInput("a budget of gains is zero or more", fix="give zero or more", field="gains_budget")
    if request.kind == "exit" and request.symbol is None:
        raise BadInput("which position?", fix="name its symbol", field="symbol")
    if request.kind != ORDER and over_time(request):
        raise BadInput("one order goes out in parts, not a plan", fix="ask for one order", field="parts")
    if request.kind != ORDER and (how.lots or how.lot_method):
        raise BadInput(
            "lots are chosen for a single sale; a plan sells what costs the least tax",
            fix="ask for an order, or leave the lots out",
            field="lots",
        )
