"""How a plan is meant, whose it is and which accounts: each is proven by her words exactly, or not at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from core.ids import AccountId, HouseholdId, LotId, MessageId, Symbol
from core.orders.events import OrderType, Request, Side, Span
from core.orders.planning import LotMethod, Planning
from core.orders.planning_said import dollars_said, everybody_said, method_said, model_said
from core.orders.provenance import Known, kind_said, number_said, side_said, unproven

HOME: Final = HouseholdId("hh-1")
IRA, JOINT = AccountId("acc-1001"), AccountId("acc-1002")
NAMES: Final = ("The Whitfield Family", "Ann O'Neal", "Sanche Ruiz")
KNOWN: Final = Known(HOME, NAMES, {IRA: "ira", JOINT: "joint"}, None, models={IRA: "Growth"})
REBALANCE: Final = Request(kind="rebalance", household=HOME)
RAISE: Final = Request(kind="raise_cash", household=HOME)


def missing(request: Request, known: Known = KNOWN, /, **said: str) -> tuple[str, ...]:
    """What these words, each a message of its own, do not prove of it."""
    texts = {MessageId(f"msg-{field}"): words for field, words in said.items()}
    spans = [
        Span(field=field, message=message, start=0, end=len(words))
        for (field, words), message in zip(said.items(), texts, strict=True)
    ]
    return unproven(request, spans, texts, known)


PLANS: Final = {
    "dollars": ({"dollars": Decimal(50_000)}, "$50,000", "$5,000"),
    "gains_budget": ({"gains_budget": Decimal(1_500)}, " 1.5k", "15k"),
    "weigh_tax": ({"weigh_tax": True}, "tax-efficiently", "taxes"),
    "lot_method": ({"lot_method": LotMethod.FIRST_IN}, "FIFO", "hifo"),
    "minutes": ({"minutes": 120}, "over two hours", "over two minutes"),
    "parts": ({"parts": 12}, "12 parts", "2 parts"),
    "lots": ({"lots": (LotId("lot-7"),)}, " lot-7", "lot-8"),
    "replacement": ({"replacement": Symbol("VTI")}, " vti", "VT"),
}


@pytest.mark.parametrize("field", PLANS)
def test_each_choice_of_hers_is_proven_by_exactly_its_words(field: str) -> None:
    planning, right, wrong = PLANS[field]
    asked = REBALANCE.model_copy(update={"planning": Planning.model_validate(planning)})
    whose = {"household": "the Whitfields"}
    assert missing(asked, **whose, **{field: right}) == ()
    assert missing(asked, **whose, **{field: wrong}) == (field,)
    assert missing(asked, **whose) == (field,)
    assert missing(asked, **whose, **{field: f"{right}!"}) == (field,)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("raise_cash", " raise $50,000", "$50,000"),
        ("invest_cash", "invest the cash", "the cash"),
        ("harvest", "tax-loss harvesting", "harvestable"),
        ("exit", "unwind", "sell"),
        ("locate", "asset location", "location"),
    ],
)
def test_what_is_planned_is_proven_as_well(kind: str, right: str, wrong: str) -> None:
    asked = Request.model_validate({"kind": kind, "household": HOME, "symbol": "AAPL"})
    assert missing(asked, household="Whitfield", kind=right, symbol=" aapl") == ()
    assert missing(asked, household="Whitfield", kind=wrong, symbol="AAP") == ("kind", "symbol")
    assert missing(asked, household="Whitfield") == ("kind", "symbol")


@pytest.mark.parametrize(
    "words", ["hh-1", " HH-1 ", "Whitfield", "the Whitfields", "Ann O'Neal's", "Ruiz", "the Ruizes"]
)
def test_a_household_is_named_by_its_id_or_by_any_name_of_its_people(words: str) -> None:
    assert missing(REBALANCE, household=words) == ()


def test_a_family_in_the_plural_may_end_in_e() -> None:
    assert missing(REBALANCE, household="the Sanches") == ()


@pytest.mark.parametrize("words", ["hh-11", "the family", "Whitfield and Jones", "Whit", "hers"])
def test_anything_else_names_no_household(words: str) -> None:
    assert missing(REBALANCE, household=words) == ("household",)
    assert missing(REBALANCE) == ("household",)


def test_a_thread_that_is_pinned_to_the_household_names_it() -> None:
    assert missing(REBALANCE, replace(KNOWN, pinned=HOME)) == ()
    assert missing(REBALANCE, replace(KNOWN, pinned=HouseholdId("hh-2"))) == ("household",)


def test_everybody_out_of_tolerance_is_every_household_for_a_rebalance_alone() -> None:
    assert missing(REBALANCE, household="everyone out of tolerance") == ()
    raised = "raise $50,000"
    assert missing(RAISE, household="everyone out of tolerance", kind=raised) == ("household",)


@pytest.mark.parametrize(
    "words", ["acc-1001", " ACC-1001", "the Whitfield IRA", "Ann O'Neal’s ira", "her IRA account"]
)
def test_an_account_is_named_by_its_id_or_by_its_kind_beside_a_name(words: str) -> None:
    asked = REBALANCE.model_copy(update={"accounts": (IRA,)})
    assert missing(asked, replace(KNOWN, pinned=HOME), accounts=words) == ()


@pytest.mark.parametrize(
    "words", ["acc-1002", "the Whitfield joint account", "Jones IRA", "the account", "Roth IRA"]
)
def test_another_kind_another_name_or_none_is_no_account(words: str) -> None:
    asked = REBALANCE.model_copy(update={"accounts": (IRA,)})
    assert missing(asked, replace(KNOWN, pinned=HOME), accounts=words) == ("accounts",)


@pytest.mark.parametrize("words", ["her IRA", "his ira", "their IRA account", "this IRA", "the ira"])
def test_a_kind_alone_is_of_the_household_that_the_thread_is_pinned_to(words: str) -> None:
    asked = REBALANCE.model_copy(update={"accounts": (IRA,)})
    assert missing(asked, replace(KNOWN, pinned=HOME), accounts=words) == ()
    assert missing(asked, accounts=words) == ("accounts",)


def test_a_kind_that_two_accounts_have_names_neither() -> None:
    two = replace(KNOWN, account_kinds={IRA: "ira", JOINT: "ira"}, pinned=HOME)
    asked = REBALANCE.model_copy(update={"accounts": (IRA,)})
    assert missing(asked, two, accounts="the Whitfield IRA") == ("accounts",)


def test_every_account_on_a_model_is_named_by_the_model_for_a_rebalance_alone() -> None:
    words = "every account on the growth model"
    asked = REBALANCE.model_copy(update={"accounts": (IRA,)})
    assert missing(asked, accounts=words) == ()
    assert missing(asked, accounts=words.replace("growth", "income")) == ("accounts",)
    assert missing(asked, replace(KNOWN, models={}), accounts=words) == ("accounts",)
    raising = RAISE.model_copy(update={"accounts": (IRA,)})
    assert missing(raising, accounts=words, kind="raise $50,000") == ("accounts",)


def test_an_account_of_another_household_stays_unproven_whatever_names_it() -> None:
    other = AccountId("acc-9")
    asked = REBALANCE.model_copy(update={"accounts": (other,)})
    assert missing(asked, accounts="acc-9") == ("household",)


def test_a_message_that_is_not_there_proves_nothing() -> None:
    span = Span(field="household", message=MessageId("gone"), start=0, end=4)
    assert unproven(REBALANCE, [span], {}, KNOWN) == ("household",)
    assert unproven(REBALANCE, [span], {}, replace(KNOWN, names=("XXXX",))) == ("household",)


def test_a_limit_that_she_did_not_say_is_unproven() -> None:
    asked = Request(
        kind="order",
        household=HOME,
        accounts=(IRA,),
        symbol=Symbol("AAPL"),
        side=Side.BUY,
        quantity=Decimal(5),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("95.5"),
    )
    said = {"accounts": "acc-1001", "symbol": "AAPL", "side": "pick  up", "quantity": "5"}
    assert missing(asked, **said) == ("limit_price",)
    assert missing(asked, **said, limit_price="$95.50") == ()


@pytest.mark.parametrize(
    ("words", "dollars"),
    [
        ("$50,000", "50000"),
        ("50k", "50000"),
        ("1.2 million", "1200000"),
        ("2MM", "2000000"),
        (" 1,234,567.89 usd ", "1234567.89"),
        ("3 thousand dollars", "3000"),
        ("50,00", None),
        ("fifty", None),
        ("5e3", None),
    ],
)
def test_dollars_are_read_from_her_words_or_not_at_all(words: str, dollars: str | None) -> None:
    assert dollars_said(words) == (None if dollars is None else Decimal(dollars))


@pytest.mark.parametrize(
    ("words", "number"),
    [("1,200 shares", "1200"), ("$95.50", "95.5"), ("1,234,567", "1234567"), ("12,34", None), ("ten", None)],
)
def test_a_number_is_read_from_her_words_or_not_at_all(words: str, number: str | None) -> None:
    assert number_said(words) == (None if number is None else Decimal(number))


def test_other_words_are_read_for_what_they_name_and_nothing_else() -> None:
    assert (side_said("Pick  Up"), side_said("trim"), side_said("hold")) == (Side.BUY, Side.SELL, None)
    assert (kind_said("her Roth IRA"), kind_said("Individual"), kind_said("IRA or trust")) == (
        *("roth", "taxable"),
        "ira",
    )
    assert kind_said("account") is None
    assert [method_said(words) for words in (" fifo ", "hifo", "least tax", "any")] == [
        *(LotMethod.FIRST_IN, LotMethod.HIGHEST_COST, LotMethod.LEAST_TAX),
        None,
    ]
    assert model_said("all  on the Balanced Income model portfolio") == "balanced income"
    assert model_said("the growth model") is None
    assert everybody_said("all  out of  tolerance")
    assert not everybody_said("all of them")
