"""A draft holds what the advisor wrote, and nothing that she did not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import AccountId, HouseholdId, MessageId, Symbol
from core.orders.events import Request, Side, Span
from core.orders.provenance import Known, number_said, says_household, unproven
from tests.tools.book import MESSAGE, SimulatedDesk, call
from tools.contract import Refusal, Said
from tools.trading import ProposeOrderAsk, ProposeRebalanceAsk, propose_order, propose_rebalance, span_of

ORDER = "Sell 1,200 shares of AAA in acc-1001 at a limit of $99.50, please"
WORDS = {
    "account_words": "acc-1001",
    "side_words": "Sell",
    "quantity_words": "1,200",
    "symbol_words": "AAA",
    "limit_words": "$99.50",
}


@pytest.mark.anyio
async def test_an_order_is_read_from_the_advisors_words_with_a_span_for_each_field() -> None:
    desk = SimulatedDesk()
    told = await propose_order(ProposeOrderAsk(**WORDS), call(desk, ORDER))
    request, spans, _ = desk.drafts[told.proposal]
    assert (request.side, request.quantity, request.limit_price) == (
        Side.SELL,
        Decimal(1200),
        Decimal("99.50"),
    )
    assert {s.field: ORDER[s.start : s.end] for s in spans} == {
        "accounts": "acc-1001",
        "symbol": "AAA",
        "side": "Sell",
        "quantity": "1,200",
        "limit_price": "$99.50",
    }


OVER_TIME = "Sell 1,200 shares of AAA in acc-1001 over two hours in 12 parts"
IN_PARTS = {
    **{name: words for name, words in WORDS.items() if name != "limit_words"},
    "time_words": "over two hours",
    "parts_words": "12 parts",
}


@pytest.mark.anyio
async def test_an_order_over_time_has_its_minutes_and_parts_from_her_words() -> None:
    desk = SimulatedDesk()
    told = await propose_order(ProposeOrderAsk(**IN_PARTS), call(desk, OVER_TIME))
    request, spans, _ = desk.drafts[told.proposal]
    assert request.planning is not None
    assert (request.planning.minutes, request.planning.parts) == (120, 12)
    assert told.asked.endswith("over 120 minutes in 12 parts")
    said = {s.field: OVER_TIME[s.start : s.end] for s in spans}
    assert (said["minutes"], said["parts"]) == ("over two hours", "12 parts")
    longer = request.planning.model_copy(update={"minutes": 240})
    known = Known(HouseholdId("hh-1"), (), {AccountId("acc-1001"): "taxable"}, None)
    texts = {MESSAGE: OVER_TIME}
    assert unproven(request, spans, texts, known) == ()
    assert unproven(request.model_copy(update={"planning": longer}), spans, texts, known) == ("minutes",)


@pytest.mark.anyio
@pytest.mark.parametrize("missing", ["time_words", "parts_words"])
async def test_a_time_without_parts_or_parts_without_a_time_are_not_drafted(missing: str) -> None:
    desk = SimulatedDesk()
    with pytest.raises(Refusal, match="needs both"):
        await propose_order(ProposeOrderAsk(**{**IN_PARTS, missing: None}), call(desk, OVER_TIME))
    assert not desk.drafts


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("quantity_words", "5000"),
        ("symbol_words", "BBB"),
        ("side_words", "buy"),
        ("account_words", "acc-1003"),
    ],
)
async def test_a_field_that_the_message_does_not_say_is_refused(field: str, words: str) -> None:
    desk = SimulatedDesk()
    with pytest.raises(Refusal, match="does not stand in the advisor's message"):
        await propose_order(ProposeOrderAsk(**{**WORDS, field: words}), call(desk, ORDER))
    assert not desk.drafts


@pytest.mark.anyio
async def test_what_version_one_does_not_trade_is_refused_by_name() -> None:
    with pytest.raises(Refusal, match="MUTUAL is a mutual fund"):
        await propose_order(
            ProposeOrderAsk(**{**WORDS, "symbol_words": "MUTUAL"}),
            call(SimulatedDesk(), ORDER.replace("AAA", "MUTUAL")),
        )


@pytest.mark.anyio
async def test_the_same_step_twice_is_one_draft() -> None:
    desk = SimulatedDesk()
    ask = ProposeRebalanceAsk(household_words="Okafor")
    first = await propose_rebalance(ask, call(desk, "Rebalance the Okafor household."))
    again = await propose_rebalance(ask, call(desk, "Rebalance the Okafor household."))
    assert first.proposal == again.proposal
    assert len(desk.drafts) == 1


@pytest.mark.anyio
async def test_a_second_request_of_one_message_is_a_second_draft() -> None:
    desk = SimulatedDesk()
    for position, family in enumerate(("Okafor", "O'Brien")):
        ask = ProposeRebalanceAsk(household_words=family)
        await propose_rebalance(ask, call(desk, "Rebalance Okafor and O'Brien", position=position))
    assert len(desk.drafts) == 2


@pytest.mark.anyio
async def test_a_rebalance_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(Refusal, match="does not ask for a rebalance"):
        await propose_rebalance(
            ProposeRebalanceAsk(household_words="Okafor"),
            call(SimulatedDesk(), "How is the Okafor household?"),
        )


@pytest.mark.anyio
async def test_a_misspelt_name_is_asked_back_before_anything_is_drafted() -> None:
    desk = SimulatedDesk()
    with pytest.raises(Refusal, match="do you mean Okafor household"):
        await propose_rebalance(ProposeRebalanceAsk(household_words="Okafr"), call(desk, "Rebalance Okafr"))
    assert not desk.drafts


@pytest.mark.anyio
async def test_an_answer_to_our_question_completes_the_earlier_message() -> None:
    desk = SimulatedDesk()
    asked = call(desk, "Tuan", before=["Rebalance the Nguyen household"])
    told = await propose_rebalance(ProposeRebalanceAsk(household_words="Tuan"), asked)
    _, spans, _ = desk.drafts[told.proposal]
    assert told.household == "hh-3"
    assert {(s.field, s.message) for s in spans} == {("household", "msg-1"), ("kind", "msg-00")}


@pytest.mark.anyio
async def test_a_household_may_be_named_by_its_id() -> None:
    desk = SimulatedDesk()
    told = await propose_rebalance(ProposeRebalanceAsk(household_words="HH-4"), call(desk, "rebalance HH-4"))
    assert told.household == "hh-4"


@pytest.mark.anyio
async def test_a_pinned_thread_needs_no_name() -> None:
    desk = SimulatedDesk()
    told = await propose_rebalance(ProposeRebalanceAsk(), call(desk, "please rebalance", household="hh-4"))
    assert told.household == "hh-4"


@given(st.text(max_size=40), st.from_regex(r"[A-Za-z0-9]{1,6}", fullmatch=True), st.text(max_size=40))
def test_a_span_is_exactly_the_words_wherever_they_stand(before: str, words: str, after: str) -> None:
    text = f"{before} {words} {after}"
    span = span_of("symbol", words, (Said(MESSAGE, text),))
    assert span is not None
    assert text[span.start : span.end].casefold() == words.casefold()


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=8))
def test_words_that_do_not_stand_there_have_no_span(text: str, words: str) -> None:
    span = span_of("symbol", words, (Said(MESSAGE, text),))
    assert span is None or text[span.start : span.end].casefold() == words.strip().casefold()


KNOWN = Known(HouseholdId("hh-1"), ("Okafor household", "Amara Okafor"), {AccountId("acc-1001"): "ira"}, None)


@given(
    start=st.integers(0, 40),
    length=st.integers(1, 12),
    quantity=st.integers(1, 10**6),
    other=st.integers(1, 10**6),
)
def test_a_quantity_is_proven_only_by_all_the_digits_that_say_it(
    start: int, length: int, quantity: int, other: int
) -> None:
    text = f"sell {quantity} AAA in acc-1001"
    request = Request(
        kind="order", household=KNOWN.household, accounts=(AccountId("acc-1001"),), symbol=Symbol("AAA"),
        side=Side.SELL, quantity=Decimal(other),
    )  # fmt: skip
    span = Span(field="quantity", message=MessageId("m"), start=start, end=start + length)
    missing = unproven(request, [span], {MessageId("m"): text}, KNOWN)
    whole = start <= 5 and start + length >= 5 + len(str(quantity))
    said = number_said(text[start : start + length]) if whole and start + length <= len(text) else None
    assert ("quantity" not in missing) == (said == other)


@pytest.mark.parametrize("words", ["the", "household", "", "  ", "Okafor Lindgren"])
def test_words_that_tell_nobody_prove_no_household(words: str) -> None:
    assert not says_household(words, KNOWN.names)


def test_a_span_outside_its_message_proves_nothing() -> None:
    request = Request(kind="rebalance", household=KNOWN.household)
    span = Span(field="household", message=MessageId("m"), start=0, end=600)
    assert unproven(request, [span], {MessageId("m"): "Okafor"}, KNOWN) == ("household",)
    assert unproven(request, [], {}, KNOWN) == ("household",)
    assert unproven(request, [], {}, Known(KNOWN.household, (), {}, KNOWN.household)) == ()
