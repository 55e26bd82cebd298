"""What the advisor's own words prove, and what can be cut out of them and proves nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.ids import AccountId, HouseholdId, MessageId, Symbol
from core.orders.events import OrderType, Request, Side, Span
from core.orders.provenance import Known, unproven

ACCOUNT = AccountId("acc-1001")
HOME = HouseholdId("hh-1")
KNOWN = Known(HOME, ("The Whitfield Family",), {ACCOUNT: "ira"}, HOME)
MESSAGE = MessageId("msg-1")


def missing(text: str, *, quantity: str, symbol: str = "AAPL", limit: str | None = None) -> tuple[str, ...]:
    """What is unproven of an order whose words are found in `text` letter by letter."""
    request = Request(
        kind="order",
        household=HOME,
        accounts=(ACCOUNT,),
        symbol=Symbol(symbol),
        side=Side.SELL,
        quantity=Decimal(quantity),
        order_type=OrderType.LIMIT if limit else OrderType.MARKET,
        limit_price=Decimal(limit) if limit else None,
    )
    words = {"accounts": "acc-1001", "side": "sell", "quantity": quantity, "symbol": symbol}
    spans = [_span(field, said, text) for field, said in words.items()]
    if limit:
        spans.append(_span("limit_price", limit, text))
    return unproven(request, spans, {MESSAGE: text}, KNOWN)


def _span(field: str, words: str, text: str) -> Span:
    start = text.lower().rindex(words.lower())
    return Span(field=field, message=MESSAGE, start=start, end=start + len(words))


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("sell 200 shares of AAPL in acc-1001", "200"),
        ("sell 200 AAPL in acc-1001.", "200"),
        ("In acc-1001, sell AAPL: 200.", "200"),
        ("sell AAPL (200) in acc-1001", "200"),
        ("sell AAPL, 200, in acc-1001", "200"),
        ("sell 0.5 AAPL in acc-1001", "0.5"),
    ],
)
def test_whole_words_and_numbers_prove_an_order(text: str, quantity: str) -> None:
    assert missing(text, quantity=quantity) == ()


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("sell 1,200 shares of AAPL in acc-1001", "200"),
        ("sell 1,200 shares of AAPL in acc-1001", "1"),
        ("sell 2000 AAPL in acc-1001", "200"),
        ("sell 1.5 AAPL in acc-1001", "5"),
        ("sell .5 AAPL in acc-1001", "5"),
        ("sell 1/2 AAPL in acc-1001", "2"),
        ("sell 20k AAPL in acc-1001", "20"),
        ("sell all my AAPL in acc-1001", "1001"),
        ("sell 10-20 AAPL in acc-1001", "20"),
    ],
)
def test_a_number_cut_out_of_another_is_no_quantity(text: str, quantity: str) -> None:
    assert missing(text, quantity=quantity) == ("quantity",)


@pytest.mark.parametrize(
    "said",
    ["20%", "20 %", "20 percent", "20 pct", "$20", "$ 20", "20 dollars", "20 thousand", "20 basis points"],
)
def test_percent_dollars_and_multiples_are_no_number_of_shares(said: str) -> None:
    assert missing(f"sell {said} of AAPL in acc-1001", quantity="20") == ("quantity",)


def test_a_limit_price_may_be_in_dollars() -> None:
    assert missing("sell 20 AAPL in acc-1001 at $95.50", quantity="20", limit="95.50") == ()


@pytest.mark.parametrize(
    ("text", "symbol"), [("AAPL", "A"), ("AAPL", "AAP"), ("BRK.B", "BRK"), ("BRK.B", "B")]
)
def test_a_symbol_cut_out_of_another_is_no_symbol(text: str, symbol: str) -> None:
    assert missing(f"sell 20 {text} in acc-1001", quantity="20", symbol=symbol) == ("symbol",)


def test_a_side_cut_out_of_a_word_is_no_side() -> None:
    assert missing("the bestseller: 20 AAPL in acc-1001", quantity="20") == ("side",)


def test_an_account_cut_out_of_another_is_no_account() -> None:
    assert missing("sell 20 AAPL in acc-10012", quantity="20") == ("accounts",)
