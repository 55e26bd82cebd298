"""Clients are found by name inside the book, and nowhere else."""

from __future__ import annotations

import pytest

from tests.tools.book import SimulatedDesk, call
from tools.clients import About, find_household, overview
from tools.contract import Refusal


async def found(words: str, household: str | None = None) -> str:
    return (
        await find_household(About(household=words), call(SimulatedDesk(), words, household=household))
    ).household


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("words", "household"),
    [
        ("the Okafor household", "hh-1"),
        ("okafor", "hh-1"),
        ("Okafr", "hh-1"),
        ("Amara Okafor", "hh-1"),
        ("Tuan Nguyen", "hh-3"),
        ("the O'Brien family", "hh-4"),
        ("hh-2", "hh-2"),
    ],
)
async def test_a_household_is_found_by_its_name_or_a_clients(words: str, household: str) -> None:
    assert await found(words) == household


@pytest.mark.anyio
async def test_an_ambiguous_name_gives_a_question_back_that_tells_them_apart() -> None:
    with pytest.raises(
        Refusal, match=r"could be 2 households.*Minh Nguyen, Lan Nguyen.*Tuan Nguyen.*Which one\?"
    ):
        await found("the Nguyens household")


@pytest.mark.anyio
async def test_a_name_outside_the_book_is_answered_like_one_that_does_not_exist() -> None:
    with pytest.raises(Refusal) as outside:
        await found("Lindgren")
    with pytest.raises(Refusal) as nonsense:
        await found("Qqqqqq")
    assert str(outside.value).replace("Lindgren", "") == str(nonsense.value).replace("Qqqqqq", "")


@pytest.mark.anyio
async def test_a_pinned_thread_speaks_of_its_own_household_alone() -> None:
    with pytest.raises(Refusal, match="about another household"):
        await found("Okafor", household="hh-4")
    assert await found("this household", household="hh-4") == "hh-4"


@pytest.mark.anyio
async def test_an_overview_has_core_figures_and_its_source() -> None:
    told = await overview(About(account="ACC-1001"), call(SimulatedDesk(), "show acc-1001"))
    # 60 at 100, 20 at 50, 3,000 in cash: 10,000; AAA at 60 % against 50 %.
    assert [str(line.value) for line in told.accounts] == ["10000.00"]
    assert str(told.accounts[0].largest_drift_points) == "30.00"  # BBB: 10 % against 40 %
    assert told.source == "book at entry 41"


@pytest.mark.anyio
async def test_two_accounts_of_a_kind_are_asked_back() -> None:
    with pytest.raises(Refusal, match=r"acc-1004 \(ira\), acc-1005 \(ira\)\. Which one\?"):
        await overview(
            About(household="Tuan Nguyen", account="IRA"), call(SimulatedDesk(), "Tuan Nguyen IRA")
        )
