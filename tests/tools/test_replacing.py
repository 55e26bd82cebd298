"""A tool drafts an order in a live one's place, of the order, the shares and the limit that her words say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.ids import AccountId, HouseholdId, MessageId, OrderId, Symbol
from core.orders.events import OrderType, Request, Side, Span
from core.orders.provenance import Known, unproven
from tests.tools.book import SimulatedDesk, call
from tests.tools.test_cancelling import with_orders
from tools.contract import Refusal
from tools.replacing import ProposeReplaceAsk, propose_replace

SAID = "Change order gh-1 to 2 shares at a limit of $131.50"
WORDS = {"order_words": "gh-1", "quantity_words": "2", "limit_words": "$131.50"}


def drafts(desk: SimulatedDesk) -> list[Request]:
    return [request for request, _, _ in desk.drafts.values() if request.replaces is not None]


@pytest.mark.anyio
async def test_the_order_that_she_names_is_drafted_anew_as_she_says_and_stays_as_it_is() -> None:
    desk = await with_orders("FILLED", "ACCEPTED")
    told = await propose_replace(ProposeReplaceAsk(**WORDS), call(desk, SAID, position=7))
    (request,) = drafts(desk)
    assert (request.replaces, request.accounts, request.symbol) == ("gh-1", ("acc-1001",), "AAA")
    assert (request.side, request.quantity, request.limit_price) == ("sell", Decimal(2), Decimal("131.50"))
    assert "in the place of gh-1" in told.asked
    assert not desk.cancels


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "words", "says"),
    [
        (SAID, {"order_words": "gh-0"}, "which one"),  # it has ended
        (SAID, {"order_words": "AAA"}, "which one.*gh-1"),
        (SAID, {"quantity_words": "200"}, "does not stand"),
        (SAID, {"limit_words": "$1.50"}, "does not stand"),
        ("Tell me of gh-1: 2 at $131.50", {}, "does not ask for a change"),
        ("Change gh-11 to 2 at $131.50", {}, "does not stand"),
    ],
)
async def test_what_her_words_do_not_say_is_not_drafted(said: str, words: dict[str, str], says: str) -> None:
    desk = await with_orders("FILLED", "ACCEPTED")
    with pytest.raises(Refusal, match=says):
        await propose_replace(ProposeReplaceAsk(**{**WORDS, **words}), call(desk, said, position=7))
    assert not drafts(desk)


# The worker asks the same of the journaled words, whatever a model claims.

KNOWN = Known(HouseholdId("hh-1"), ("Miller",), {AccountId("acc-1001"): "joint"}, None)
ORDER = OrderId("gh-0123456789abcdef01234567")
REPLACES = Request(
    kind="order",
    household=KNOWN.household,
    accounts=(AccountId("acc-1001"),),
    symbol=Symbol("AAA"),
    side=Side.SELL,
    quantity=Decimal(2),
    order_type=OrderType.MARKET,
    replaces=ORDER,
)


def span(text: str, field: str, words: str) -> Span:
    start = f" {text}".index(f" {words}")
    return Span(field=field, message=MessageId("m"), start=start, end=start + len(words))


def missing(text: str, **words: str) -> tuple[str, ...]:
    spans = [span(text, field, said) for field, said in words.items()]
    return unproven(REPLACES, spans, {MessageId("m"): text}, KNOWN)


def test_an_order_in_anothers_place_is_proven_by_that_ones_id_and_the_shares() -> None:
    text = f"Replace {ORDER} with 2 shares"
    assert missing(text, replaces=ORDER, quantity="2") == ()
    assert missing(text, replaces=ORDER) == ("quantity",)
    assert missing(text, quantity="2") == ("accounts", "replaces", "side", "symbol")


def test_whose_place_it_takes_is_never_taken_from_other_words() -> None:
    """All of the order stands in her words but that it replaces one: a model added that."""
    text = "Sell 2 AAA in acc-1001"
    said = {"accounts": "acc-1001", "side": "Sell", "quantity": "2", "symbol": "AAA"}
    assert missing(text, **said) == ("replaces",)
    cut = f"Sell 2 AAA in acc-1001, not {ORDER}0"
    assert missing(cut, **said, replaces=ORDER) == ("replaces",)
