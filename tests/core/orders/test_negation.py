"""A no is no request: what she says not to do is proven by none of her words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.ids import AccountId, HouseholdId, MessageId, Symbol
from core.orders.events import OrderType, Request, Side, Span
from core.orders.negation import negated
from core.orders.provenance import Known, unproven

HOME = HouseholdId("hh-1")
ACCOUNT = AccountId("acc-1003")
KNOWN = Known(HOME, ("Delgado household", "Rosa Delgado"), {ACCOUNT: "taxable"}, None)
SALE = Request(
    kind="order",
    household=HOME,
    accounts=(ACCOUNT,),
    symbol=Symbol("AAPL"),
    side=Side.SELL,
    quantity=Decimal(10),
    order_type=OrderType.MARKET,
)


def missing(request: Request, text: str, **words: str) -> tuple[str, ...]:
    spans = []
    for field, said in words.items():
        start = text.index(said)
        spans.append(Span(field=field, message=MessageId("m"), start=start, end=start + len(said)))
    return unproven(request, spans, {MessageId("m"): text}, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "Do not sell 10 AAPL in acc-1003",
        "don't sell 10 AAPL in acc-1003 yet",
        "I never said to sell 10 AAPL in acc-1003",
        "We shouldn’t sell 10 AAPL in acc-1003 just now",
        "sell 10 AAPL in acc-1003? Not before I spoke to her. No: never sell 10 AAPL in acc-1003, not now",
        "I'd rather not sell 10 AAPL in acc-1003",
        "keep it instead of selling; rather than sell 10 AAPL in acc-1003 wait",
        "hold off: do not, whatever he says, sell 10 AAPL in acc-1003",
    ],
)
def test_a_sale_that_she_says_no_to_is_not_proven(text: str) -> None:
    start = text.rindex("sell 10")
    words = {"side": "sell", "quantity": "10", "symbol": "AAPL", "accounts": "acc-1003"}
    spans = [
        Span(field=f, message=MessageId("m"), start=at, end=at + len(w))
        for f, w in words.items()
        for at in [text.index(w, start)]
    ]
    assert "go_ahead" in unproven(SALE, spans, {MessageId("m"): text}, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "sell 10 AAPL in acc-1003",
        "Do not buy KO. Please sell 10 AAPL in acc-1003.",
        "Don't forget to sell 10 AAPL in acc-1003",
        "No problem, sell 10 AAPL in acc-1003",
        "I do not like it but sell 10 AAPL in acc-1003",
        "sell 10 AAPL in acc-1003 instead of MSFT",
    ],
)
def test_a_sale_that_she_asks_for_is_proven_beside_another_no(text: str) -> None:
    assert missing(SALE, text, side="sell", quantity="10", symbol="AAPL", accounts="acc-1003") == ()


def test_a_rebalance_with_a_no_that_it_cannot_keep_is_asked_again() -> None:
    rebalance = Request(kind="rebalance", household=HOME)
    assert missing(rebalance, "rebalance the Delgados", household="the Delgados") == ()
    for text in (
        "don't rebalance the Delgados",
        "rebalance the Delgados but do not sell AAPL",
        "rebalance the Delgados, but not yet",
        "hold off on rebalancing the Delgados",
    ):
        assert missing(rebalance, text, household="the Delgados") == ("go_ahead",)


@pytest.mark.parametrize(
    "text",
    [
        "sell 10 AAPL, but not in acc-1003",
        "sell 10 shares, not AAPL, in acc-1003",
        "sell some AAPL, not 10, in acc-1003",
    ],
)
def test_an_account_a_security_or_a_number_that_she_says_no_to_proves_nothing(text: str) -> None:
    said = {"side": "sell", "quantity": "10", "symbol": "AAPL", "accounts": "acc-1003"}
    assert missing(SALE, text, **said) == ("go_ahead",)


def test_a_household_that_she_leaves_out_is_not_rebalanced() -> None:
    rebalance = Request(kind="rebalance", household=HOME)
    text = "rebalance everyone but not the Delgados"
    assert missing(rebalance, text, household="the Delgados") == ("go_ahead",)
    text = "not the Smiths, but the Delgados: rebalance them"
    assert missing(rebalance, text, household="the Delgados") == ()


def test_no_more_than_a_number_is_that_number() -> None:
    text = "sell AAPL, not more than 10, in acc-1003"
    assert missing(SALE, text, side="sell", quantity="10", symbol="AAPL", accounts="acc-1003") == ()


def test_a_plan_is_asked_again_where_some_of_its_trading_or_all_of_its_rebalancing_is_said_no_to() -> None:
    rebalance = Request(kind="rebalance", household=HOME)
    some = "rebalance the Delgados: sell AAPL, but do not sell KO"
    assert missing(rebalance, some, household="the Delgados") == ("go_ahead",)
    whole = "do not rebalance the Smiths but rebalance the Delgados"
    assert missing(rebalance, whole, household="the Delgados") == ()
    harvest = Request(kind="harvest", household=HOME)
    assert missing(harvest, "harvest, and don't trade KO", kind="harvest", household="harvest") == (
        *("go_ahead", "household"),
    )


def test_an_account_that_she_names_before_her_no_is_not_rebalanced() -> None:
    rebalance = Request(kind="rebalance", household=HOME, accounts=(ACCOUNT,))
    assert missing(rebalance, "acc-1003: rebalance it", accounts="acc-1003") == ()
    assert missing(rebalance, "acc-1003: do not rebalance it", accounts="acc-1003") == ("go_ahead",)


def test_dollars_are_no_shares() -> None:
    said = {"side": "sell", "symbol": "AAPL", "accounts": "acc-1003"}
    assert missing(SALE, "sell $10 of AAPL in acc-1003", quantity="$10", **said) == ("quantity",)


def test_a_family_is_named_by_its_plural_with_the_article_alone() -> None:
    rebalance = Request(kind="rebalance", household=HOME)
    assert missing(rebalance, "rebalance the Delgadoes", household="the Delgadoes") == ()
    assert missing(rebalance, "rebalance Delgados", household="Delgados") == ("household",)
    assert missing(rebalance, "rebalance the Delgadosh", household="the Delgadosh") == ("household",)


@pytest.mark.parametrize(
    ("text", "no"),
    [
        ("Sell nothing", True),
        ("nothing of it is so: sell it", False),
        ("Sell it. Not yet", False),
        ("Sell it, never mind", True),
        ("Fine. Sell it, never mind", True),
        ("Not yet. Sell it", False),
        ("Don't forget to sell", False),
        ("dont forget to not sell", True),
    ],
)
def test_a_no_may_come_after_the_word_in_its_sentence_and_in_no_other(text: str, no: bool) -> None:
    start = text.casefold().index("sell")
    assert negated(text, start, start + 4) is no


def test_a_no_ends_with_its_clause() -> None:
    text = "Do not sell. Buy"
    assert negated(text, text.index("sell"), text.index("sell") + 4)
    assert not negated(text, text.index("Buy"), len(text))
