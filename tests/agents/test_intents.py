"""What the offline model understands: paraphrases written before its rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.offline import words
from agents.offline.intents import Intent, read

FOLDER: Final = Path(__file__).parent


def cases(file: str) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    return [(intent, text) for intent, texts in found.items() for text in texts]


@pytest.mark.parametrize(("intent", "text"), cases("paraphrases.json"))
def test_a_paraphrase_is_understood(intent: str, text: str) -> None:
    assert read(text).intent == intent


def test_most_paraphrases_that_the_rules_never_saw_are_understood(
    record_property: Callable[[str, object], None],
) -> None:
    """Written after the rules and never used to mend them: the share is what to expect of a new user."""
    held_out = cases("held_out.json")
    understood = [text for intent, text in held_out if read(text).intent == intent]
    record_property("understood", f"{len(understood)} of {len(held_out)}")
    assert len(understood) >= 0.75 * len(held_out)


def test_no_paraphrase_that_was_not_a_trade_becomes_one() -> None:
    """The costly mistake is a draft that nobody asked for."""
    trades = {Intent.REBALANCE, Intent.ORDER}
    for intent, text in [*cases("paraphrases.json"), *cases("held_out.json")]:
        if intent not in trades:
            assert read(text).intent not in trades, text


@given(st.text(max_size=200))
def test_any_text_has_one_intent_and_only_its_own_words(text: str) -> None:
    wish = read(text)
    for said in (wish.household, wish.account, wish.proposal):
        assert said is None or said in text


@pytest.mark.parametrize(
    ("text", "household", "account"),
    [
        ("Rebalance the Okafor household.", "Okafor", None),
        ("rebalance okafor", "okafor", None),
        ("How much cash is in Fiona O'Brien's Roth?", "Fiona O'Brien", "Fiona O'Brien's Roth"),
        ("drift of ACC-1003", None, "ACC-1003"),
        ("holdings of the Jin-ho Cho family", "Jin-ho Cho", None),
        ("overview of hh-112", "hh-112", None),
    ],
)
def test_names_and_accounts_are_taken_letter_by_letter(
    text: str, household: str | None, account: str | None
) -> None:
    found = words.household(text) or words.after(text, __import__("re").compile("rebalance"))
    assert (None if account and not household else found, words.account(text)) == (household, account)
