"""Two words on the same items."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.ids import AccountId
from core.reconcile.comparing import NOTHING, Item, Word, compare, held_words

ACCOUNT = AccountId("acc-1")
words = st.dictionaries(
    st.tuples(st.just("position"), st.sampled_from("abcd")), st.builds(Word, st.sampled_from("123"))
)


def test_equal_words_are_compared_and_differ_in_nothing() -> None:
    ours: dict[Item, Word] = {("position", "a"): Word("1"), ("cash", "a"): Word("2")}
    found = compare("custodian:x", ours, dict(ours))
    assert [(one.kind, one.items) for one in found.compared] == [("cash", 1), ("position", 1)]
    assert found.differences == ()


def test_what_one_side_alone_has_is_a_difference_with_an_owner() -> None:
    (one,) = compare("custodian:x", {("position", "a"): Word("1", ACCOUNT)}, {}).differences
    assert (one.ours, one.theirs, one.account, one.owner) == ("1", "none", ACCOUNT, "operations")


def test_what_executed_nothing_and_is_over_was_as_good_as_never_there() -> None:
    assert compare("venue:V", {("order", "o"): Word(NOTHING)}, {}).differences == ()


@given(words, words)
def test_every_item_is_compared_once_and_differs_exactly_where_the_words_do(
    ours: Mapping[Item, Word], theirs: Mapping[Item, Word]
) -> None:
    found = compare("custodian:x", ours, theirs)
    items = ours.keys() | theirs.keys()
    assert sum(one.items for one in found.compared) == len(items)
    assert {(one.kind, one.key) for one in found.differences} == {
        item for item in items if ours.get(item) != theirs.get(item)
    }


def test_kinds_that_nobody_has_any_of_are_counted_too() -> None:
    found = compare("custodian:x", {}, {}, ("cash",))
    assert [(one.party, one.kind, one.items) for one in found.compared] == [("custodian:x", "cash", 0)]


def test_what_is_nothing_is_absent() -> None:
    assert held_words("cash", [(ACCOUNT, "dollars", Decimal(0))]) == {}
