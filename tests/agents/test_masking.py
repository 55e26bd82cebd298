"""What identifies a person is not read by another's model, and nothing it invents opens anything."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.masking.detect import iban, luhn, personal
from agents.masking.mask import WITHHELD, Mask, words_of_names
from core.ids import ThreadId

NAMES = words_of_names(["Okafor household", "Chidi Okafor", "O'Brien household", "May Young"])


def mask(thread: str = "thr-1") -> Mask:
    return Mask(ThreadId(thread), NAMES)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("SSN", "514-69-0360"),
        ("SSN", "social security number 514690360"),
        ("CARD", "4111 1111 1111 1111"),
        ("CARD", "card 4111111111111111"),
        ("IBAN", "DE89 3704 0044 0532 0130 00"),
        ("IBAN", "GB82WEST12345698765432"),
        ("PHONE", "(212) 555-0187"),
        ("PHONE", "+44 20 7946 0958"),
        ("PHONE", "call me at 0494 92 82 32"),
        ("EMAIL", "chidi.okafor@mail.example"),
        ("ADDRESS", "410 Terry Avenue, Apt 5, Seattle, WA 98109"),
        ("ADDRESS", "P.O. Box 4412"),
        ("ADDRESS", "6750 Koskikatu 25 Apt. 864"),
        ("ADDRESS", "12 Rua das Flores 71, Lisboa, Portugal 10999"),
        ("ADDRESS", "808 Kossuth Lajos u. 12."),
        ("ADDRESS", "217 Lovers Lane\n Suite 680\n Auckland\n New Zealand 15896"),
        ("PHONE", "001-518-640-0854"),
        ("PHONE", "07700 963 066"),
        ("PHONE", "(898)666-3621x0135"),
        ("BIRTH", "born on 2/8/1935"),
        ("BIRTH", "date of birth: 8 February 1935"),
        ("ACCOUNT", "account number 00912345678"),
        ("ACCOUNT", "passport X1234567"),
    ],
)
def test_personal_data_is_found_by_its_form_or_by_the_words_before_it(kind: str, text: str) -> None:
    assert [one.kind for one in personal(f"Please note {text}, thanks.")] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "acc-1003 holds 1,234,567.89 in 12 positions",
        "sold 100 AAPL at 150.25 on 2022-12-29",
        "prp-0123456789abcdef0123456789abcdef",
        "account acc-1003",
        "revenue of 394,328 383,285 365,817",
        "4111111111111112",
        "GB82WEST1234",
        "version 1.2.3",
        "Via the plan of 2024 we raised 12 positions",
        "the Suite and Unit counts of 864 properties",
        "In 2024 Cash Flow 25 and Net Income 31 fell",
        "between 2019 2020 2021 2022 2023",
    ],
)
def test_figures_and_our_own_references_are_nobodys(text: str) -> None:
    assert not list(personal(text))


def test_a_check_digit_is_asked_for() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert iban("GB82 WEST 1234 5698 7654 32")
    assert not iban("GB83 WEST 1234 5698 7654 32")


def test_names_of_the_book_are_masked_word_by_word_and_the_same_within_a_thread() -> None:
    one = mask()
    read = one.masked("Rebalance okafor: the Okafor household of Chidi Okafor, not O'Brien's.", hers=True)
    assert "kafor" not in read
    assert "Brien" not in read
    places = re.findall(r"NAME_[0-9A-F]{10}", read)
    assert len(places) == 5
    assert len(set(places)) == 3
    assert mask().masked("Okafor") in places
    assert mask("thr-2").masked("Okafor") not in places


def test_a_name_that_is_a_word_is_one_only_beside_a_name() -> None:
    assert mask().masked("In May it may be young money.") == "In May it may be young money."
    assert mask().masked("The Young household, May Young").count("NAME_") == 3


def test_an_answer_gets_the_books_spelling_and_a_tool_the_advisors() -> None:
    one = mask()
    place = one.masked("okafor please", hers=True).split()[0]
    assert one.shown(f"The {place} household.") == "The Okafor household."
    assert one.restored({"household": place, "more": [place, 3]}) == {
        "household": "okafor",
        "more": ["okafor", 3],
    }


def test_a_placeholder_that_was_not_read_here_opens_nothing() -> None:
    elsewhere = mask("thr-2").masked("Okafor")
    here = mask()
    here.masked("O'Brien 514-69-0360")
    for invented in (elsewhere, "NAME_0000000000", "SSN_FFFFFFFFFF", mask().masked("Okafor")):
        assert here.shown(f"It is {invented}.") == f"It is {WITHHELD}."
        assert here.restored({"household": invented}) == {"household": invented}


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(["Okafor", "O'Brien", "514-69-0360", "x@y.example"]))
def test_what_was_masked_comes_back_as_it_was(around: str, somebody: str) -> None:
    text = f"{around} {somebody} {around}"
    one = mask()
    assert somebody not in one.masked(text, hers=True).replace(around, "")
    assert one.restored(one.masked(text, hers=True)) == text
