"""What is written of a plain order at once is to the byte what its fact would have written."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.book.picture import ModelPortfolio, Picture
from core.direct.orders import Asked, assessed, assumed_on, proposal_of, request_of, said_of
from core.fact import Entry
from core.ids import AccountId, HouseholdId, ModelId, PersonId, Symbol, TraceId
from core.ledger.envelope import payload_of
from core.money import tidy
from core.orders.content import content_read
from core.orders.events import OrderType, ProposalAssessed, ProposalDenied, ProposalDrafted, Request, Side
from core.plan.plainly import _tidied, drafted_text
from core.risk.limits import DEFAULT_LIMITS
from core.risk.standing import Ground
from evals.bench.gate_world import GateWorld

WORLD: Final = GateWorld(accounts=120, symbols=80)
ON: Final = assumed_on(WORLD.market.session, DEFAULT_LIMITS)
TRACE: Final = TraceId("0" * 32)
MODEL: Final = ModelPortfolio(
    ModelId('mod "é"'),
    "Growth",
    3,
    {Symbol(f"S{n:03d}"): Decimal("0.012") for n in range(80)},
    Decimal("0.04"),
    Decimal("0.05"),
)


def changed(picture: Picture, n: int) -> Picture:
    """The picture, made odd: with a model, without discretion, with money under way, of somebody here."""
    first, *others = picture.household.accounts
    cash = replace(first.cash, unsettled=Decimal("-12.345"), held=Decimal("0.5"))
    odd = replace(
        first,
        model=MODEL if n % 2 else None,
        discretionary=n % 3 != 0,
        cash=cash,
        kind=("joint", "ira", "trust")[n % 3],
    )
    home = replace(picture.household, accounts=(odd, *others), related=n % 5 == 0)
    return replace(picture, household=home)


def orders() -> list[tuple[Ground, Asked]]:
    found = []
    for n, (leg, at) in enumerate(WORLD.legs(600)):
        picture = WORLD.pictures[at] if n % 2 else changed(WORLD.pictures[at], n // 2)
        quantity = leg.quantity if n % 7 else leg.quantity + Decimal("0.50")
        asked = Asked(
            client_order=f"c-{n}",
            account=leg.account,
            advisor=picture.household.advisor,
            symbol=leg.symbol,
            side=leg.side,
            quantity=quantity,
            order_type=leg.order_type,
            limit_price=leg.limit_price,
        )
        found.append((Ground(picture), asked))
    return found


def test_both_texts_are_those_of_the_facts() -> None:
    kinds: dict[Any, int] = {}
    for ground, asked in orders():
        proposal = proposal_of(PersonId("mch-1"), asked.client_order)
        request = request_of(asked, ground)
        assert Request.model_validate(request.model_dump()) == request
        said, long_way = said_of(proposal, request, ground, ON), assessed(proposal, request, ground, ON)
        assert said.fact == long_way
        entry = Entry("proposal/x", long_way, TRACE)
        assert said.written in (None, payload_of(entry))
        draft = ProposalDrafted(proposal=proposal, request=request)
        assert drafted_text(proposal, request) == payload_of(Entry("proposal/x", draft, TRACE))
        if isinstance(said.fact, ProposalAssessed):
            content = content_read(said.fact.content)
            assert (content.text(), content.digest()) == (said.fact.content, said.fact.digest)
        loud = any(finding.result == "finding" for finding in said.fact.findings)
        short = said.written is not None
        assert short is (isinstance(said.fact, ProposalAssessed) and not loud)
        key = (type(said.fact), short, bool(ground.accounts[asked.account].model))
        kinds[key] = kinds.get(key, 0) + 1
    assert kinds[ProposalAssessed, True, True] > 20
    assert kinds[ProposalAssessed, True, False] > 100
    assert kinds[ProposalDenied, False, False] > 20


@pytest.mark.parametrize(
    "odd",
    [
        {"symbol": "NONE"},
        {"symbol": "A\x00"},
        {"quantity": Decimal(0)},
        {"quantity": Decimal(-1)},
        {"order_type": OrderType.LIMIT, "limit_price": None},
        {"order_type": OrderType.LIMIT, "limit_price": Decimal(0)},
        {"order_type": OrderType.MARKET, "limit_price": Decimal(1)},
        {"accounts": ()},
        {"accounts": ("acc-none",)},
        {"for_session": "2022-12-30"},
        {"replaces": "gh-" + "0" * 24},
        {"symbol": None},
        {"side": None},
    ],
)
def test_what_is_not_plain_is_said_by_the_long_way(odd: dict[str, Any]) -> None:
    picture = WORLD.pictures[0]
    fields = {
        "kind": "order",
        "household": picture.household.id,
        "accounts": (picture.household.accounts[0].id,),
        "symbol": "S010",
        "side": Side.BUY,
        "quantity": Decimal(1),
        "order_type": OrderType.MARKET,
    }
    request = Request.model_validate({**fields, **odd})
    proposal = proposal_of(PersonId("mch-1"), "one")
    said = said_of(proposal, request, Ground(picture), ON)
    assert said.written is None
    assert said.fact == assessed(proposal, request, Ground(picture), ON)


@pytest.mark.parametrize("symbol", ["A\x00", "\ud800", "é"])
def test_a_symbol_that_is_no_plain_text_is_left_to_the_fact(symbol: str) -> None:
    request = Request.model_construct(
        kind="order",
        household=HouseholdId("hh-1"),
        accounts=(AccountId("acc-1"),),
        symbol=Symbol(symbol),
        side=Side.BUY,
        quantity=Decimal(1),
        order_type=OrderType.MARKET,
    )
    assert drafted_text(proposal_of(PersonId("mch-1"), "one"), request) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_an_amount_reads_as_when_it_is_tidied(number: Decimal) -> None:
    for one in (number, number.normalize(), number.quantize(Decimal("0.01")), number.scaleb(-10)):
        assert _tidied(one) == format(tidy(one), "f")
