"""A plan is drafted from the advisor's own words, and no word that she did not write moves a dollar."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from agents.offline.intents import Intent, read
from agents.offline.model import question
from core.book.picture import Picture
from core.ids import AccountId, HouseholdId, Symbol
from core.orders.events import Request, Span
from core.orders.planning import LotMethod, Planning
from core.orders.planning_said import dollars_said, everybody_said
from core.orders.provenance import Known, unproven
from tests.core import household as built
from tests.tools.book import MESSAGE, SimulatedDesk, call
from tools.analytics import WhatIfAsk, what_if
from tools.contract import Refusal
from tools.planning import ProposePlanAsk, ProposeSetAsk, propose_plan, propose_set
from tools.trading import ProposeOrderAsk, ProposeRebalanceAsk, propose_order, propose_rebalance
from tools.whole_book import BookAsk, book_summary

KNOWN = Known(HouseholdId("hh-1"), ("Okafor household",), {AccountId("acc-1001"): "taxable"}, None)


async def from_offline(text: str) -> tuple[SimulatedDesk, Request]:
    """What the offline model's own tool call drafts of this message."""
    asked = question(read(text))
    assert asked is not None, text
    desk = SimulatedDesk()
    name, fields = asked
    run: dict[str, Any] = {
        "propose_plan": (propose_plan, ProposePlanAsk),
        "propose_rebalance": (propose_rebalance, ProposeRebalanceAsk),
        "propose_order": (propose_order, ProposeOrderAsk),
    }
    tool, ask = run[name]
    told = await tool(ask(**{k: v for k, v in fields.items() if v is not None}), call(desk, text))
    return desk, desk.drafts[told.proposal][0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Raise $50,000 in acc-1001", ("raise_cash", ("acc-1001",), None, Planning(dollars=Decimal(50_000)))),
        (
            "Free up 20k of cash in acc-1001",
            ("raise_cash", ("acc-1001",), None, Planning(dollars=Decimal(20_000))),
        ),
        ("Invest the cash in acc-1001", ("invest_cash", ("acc-1001",), None, None)),
        ("Harvest losses for the Okafor household", ("harvest", (), None, None)),
        (
            "Harvest AAA in acc-1001 and replace it with BBB",
            ("harvest", ("acc-1001",), "AAA", Planning(replacement=Symbol("BBB"))),
        ),
        (
            "Work out of AAA in acc-1001 within a gains budget of $20,000",
            ("exit", ("acc-1001",), "AAA", Planning(gains_budget=Decimal(20_000))),
        ),
        ("Rebalance acc-1001 tax-aware", ("rebalance", ("acc-1001",), None, Planning(weigh_tax=True))),
        (
            "Sell 10 AAA in acc-1001 FIFO",
            ("order", ("acc-1001",), "AAA", Planning(lot_method=LotMethod.FIRST_IN)),
        ),
    ],
)
async def test_the_offline_model_drafts_what_she_wrote(text: str, expected: tuple[Any, ...]) -> None:
    _, request = await from_offline(text)
    assert (request.kind, request.accounts, request.symbol, request.planning) == expected


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"kind": "exit", "kind_words": "Exit", "symbol_words": "AAA"}, "not_said"),
        ({"dollars_words": "$90,000"}, "not_said"),
        ({"account_words": "acc-1002"}, "not_said"),
        ({"kind_words": "acc-1001"}, "not_said"),
        ({"budget_words": "$50"}, "not_said"),
    ],
)
async def test_a_word_that_she_did_not_write_is_refused(words: dict[str, str], code: str) -> None:
    desk, text = SimulatedDesk(), "Raise $50,000 in acc-1001, please"
    fields = {
        "kind": "raise_cash",
        "kind_words": "Raise $50,000",
        "account_words": "acc-1001",
        "dollars_words": "$50,000",
    }
    with pytest.raises(Refusal) as refused:
        await propose_plan(ProposePlanAsk(**{**fields, **words}), call(desk, text))
    assert refused.value.code == code
    assert not desk.drafts


@pytest.mark.parametrize(
    ("request_", "missing"),
    [
        ({"kind": "harvest"}, ("kind",)),
        ({"kind": "rebalance", "planning": {"weigh_tax": True}}, ("weigh_tax",)),
        ({"kind": "rebalance", "planning": {"gains_budget": "5"}}, ("gains_budget",)),
        ({"kind": "raise_cash", "planning": {"dollars": "90000"}}, ("dollars", "kind")),
        ({"kind": "harvest", "planning": {"replacement": "AAA"}}, ("kind", "replacement")),
        ({"kind": "rebalance", "planning": {"lots": ["lot-1"]}}, ("lots",)),
    ],
)
def test_the_worker_misses_every_field_that_no_span_proves(
    request_: dict[str, Any], missing: tuple[str, ...]
) -> None:
    text = "What does acc-1001 hold? I raised $5 once."
    at = text.index("acc-1001")
    spans = [Span(field="accounts", message=MESSAGE, start=at, end=at + 8)]
    spans += [Span(field=field, message=MESSAGE, start=0, end=4) for field in missing]
    asked = Request.model_validate({"household": "hh-1", "accounts": ["acc-1001"], **request_})
    assert unproven(asked, spans, {MESSAGE: text}, KNOWN) == missing


class OneShort(SimulatedDesk):
    """The O'Briens keep to their model, and have less cash than their floor."""

    async def pictures(self) -> tuple[Picture, ...]:
        return tuple(_short(p) if p.household.id == "hh-4" else p for p in await super().pictures())


def _short(of: Picture) -> Picture:
    (account,) = of.household.accounts
    lots = (built.lot("lot-a", "AAA", 50), built.lot("lot-b", "BBB", 80))
    changed = replace(account, lots=lots, cash=built.cash(1_000), ips=built.ips(floor=2_000))
    return replace(of, household=replace(of.household, accounts=(changed,)))


@pytest.mark.anyio
async def test_all_out_of_tolerance_are_drafted_a_row_each_and_only_in_her_words() -> None:
    desk, text = OneShort(), "Rebalance all households that are out of tolerance"
    told = await propose_set(
        ProposeSetAsk(set_words="all households that are out of tolerance"), call(desk, text)
    )
    assert told.ready == len(desk.drafts)
    assert told.households_looked_at == 4
    told_of = await book_summary(BookAsk(), call(desk, "Who is out of tolerance?"))
    outside = {row.household for row in told_of.rows if row.out_of_tolerance}
    assert {row.household for row in told.rows} == outside == {"hh-1", "hh-2", "hh-3"}
    assert told.short_of_cash == ("O'Brien household",)
    assert {row.proposal for row in told.rows if row.ready} == set(desk.drafts)
    for words in ("all households", "Okafor"):
        with pytest.raises(Refusal):
            await propose_set(ProposeSetAsk(set_words=words), call(SimulatedDesk(), text))


def test_everybody_is_only_everybody_and_only_for_a_rebalance() -> None:
    assert everybody_said("all accounts out of tolerance")
    assert not everybody_said("the Okafor household, all of it")
    text = "harvest all households out of tolerance"
    spans = [
        Span(field="kind", message=MESSAGE, start=0, end=7),
        Span(field="household", message=MESSAGE, start=8, end=len(text)),
    ]
    asked = Request(kind="harvest", household=HouseholdId("hh-1"))
    assert unproven(asked, spans, {MESSAGE: text}, KNOWN) == ("household",)
    assert unproven(asked.model_copy(update={"kind": "rebalance"}), spans, {MESSAGE: text}, KNOWN) == ()


@pytest.mark.anyio
async def test_a_what_if_has_its_figures_and_drafts_nothing() -> None:
    desk = SimulatedDesk()
    ask = WhatIfAsk(account="acc-1001", side="buy", quantity=Decimal(5), symbol="AAA")
    told = await what_if(ask, call(desk, "What if we bought 5 AAA in acc-1001?"))
    assert [one.name for one in told.alternatives][:2] == ["this plan", "do nothing"]
    assert told.weight_after > told.weight_before
    assert not desk.drafts


@pytest.mark.parametrize(
    ("words", "dollars"), [("$1,250.50", "1250.50"), ("50k", "50000"), ("1.5 million", "1500000")]
)
def test_dollars_are_read_as_they_are_written(words: str, dollars: str) -> None:
    assert dollars_said(words) == Decimal(dollars)


def test_a_question_about_losses_is_no_harvest() -> None:
    assert read("Which losses could we harvest for the Okafor household?").intent is Intent.TAXES


@pytest.mark.anyio
async def test_all_on_a_model_are_drafted_by_their_accounts_and_no_other_model_is_proven() -> None:
    words = "all accounts on the Model model"
    desk = SimulatedDesk()
    told = await propose_set(ProposeSetAsk(set_words=words), call(desk, f"rebalance {words}"))
    assert told.ready == len(desk.drafts) > 0
    for request, spans, _ in desk.drafts.values():
        assert request.accounts
        assert {span.field for span in spans} == {"accounts"}
    other = "all accounts on the Growth model"
    assert (await propose_set(ProposeSetAsk(set_words=other), call(desk, f"rebalance {other}"))).rows == ()
    [(request, spans, _), *_] = desk.drafts.values()
    texts = {spans[0].message: f"rebalance {words}"}
    kinds = dict.fromkeys(request.accounts, "taxable")
    of_it, of_other = (
        Known(request.household, ("Okafor household",), kinds, None, dict.fromkeys(request.accounts, name))
        for name in ("Model", "Growth")
    )
    assert unproven(request, spans, texts, of_it) == ()
    assert unproven(request, spans, texts, of_other) == ("accounts",)
