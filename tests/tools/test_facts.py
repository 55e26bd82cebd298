"""Figures from filings, a brief, and a draft to a client: what the research agent's tools answer."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from core.book.views import Passage
from core.correspondence.rules import DISCLOSURES
from tests.core.library.filings import BALANCE, COVER, TEXT, stored
from tests.tools.book import SimulatedDesk, call
from tools.briefing import BriefAsk, meeting_brief
from tools.contract import Agent, Call, Refusal
from tools.correspondence import HELD, EmailAsk, draft_email
from tools.facts import CompareAsk, FigureAsk, FigureFound, compare, find_figure

YEAR = "for the year ended September 28, 2024"


def research(*passages: Passage) -> Call:
    desk = SimulatedDesk(passages=passages or stored())
    return call(desk, "What was Acme's gross profit?", agent=Agent.RESEARCH)


def figure(of: Call, label: str, period: str = YEAR, as_of: date | None = None) -> FigureFound:
    ask = FigureAsk(issuer="Acme", label=label, period=period, as_of=as_of)
    return asyncio.run(find_figure(ask, of))


def test_a_figure_comes_with_the_passage_and_the_very_row() -> None:
    told = figure(research(), "gross profit")
    assert told.found is not None
    [passage] = [one for one in stored() if one.id == told.found.passage]
    assert passage.text[told.found.starts : told.found.ends] == told.found.row
    assert told.found.printed == "180,683"
    assert (told.found.value, told.found.unit, told.found.scale) == (Decimal("180683E6"), "dollars", 6)


def test_what_the_library_does_not_hold_it_does_not_say() -> None:
    assert figure(research(), "goodwill").says == "the library does not say"
    other = FigureAsk(issuer="Apex", label="gross profit", period=YEAR)
    assert asyncio.run(find_figure(other, research())).says == "the library has no filing of Apex"


def test_nothing_dated_later_than_the_day_asked_is_seen() -> None:
    told = figure(research(), "gross profit", as_of=date(2024, 10, 31))
    assert told.found is None
    assert figure(research(), "gross profit", as_of=date(2024, 11, 1)).found


def test_rows_that_differ_come_as_candidates() -> None:
    text = TEXT + BALANCE.replace("364,980", "365,000")
    told = figure(research(*stored(text)), "total assets", "as of September 28, 2024")
    assert told.found is None
    assert len(told.candidates) == 2


def test_an_unclear_period_is_asked_back() -> None:
    with pytest.raises(Refusal, match="last day"):
        figure(research(), "gross profit", "lately")


def test_a_comparison_has_a_cell_for_each_issuer_and_period() -> None:
    other = COVER.replace("Acme Holdings", "Bolt") + TEXT.removeprefix(COVER).replace("180,683", "90,001")
    of_both = research(*stored(), *stored(other, document="doc-bolt", first=50))
    periods = (YEAR, "for the year ended September 30, 2022")
    told = asyncio.run(
        compare(CompareAsk(issuers=("Acme", "Bolt"), label="gross profit", periods=periods), of_both)
    )
    assert [cell.found.printed if cell.found else None for cell in told.cells] == [
        "180,683",
        None,
        "90,001",
        None,
    ]
    many = CompareAsk(issuers=("Acme",) * 8, label="gross profit", periods=(YEAR,) * 6)
    with pytest.raises(Refusal, match="at most"):
        asyncio.run(compare(many, of_both))


def test_a_brief_is_the_other_tools_own_answers() -> None:
    told = asyncio.run(meeting_brief(BriefAsk(household="Okafor"), research()))
    assert told.overview.name == told.drift.name == told.holdings.name == "Okafor household"
    assert set(told.without) <= set(told.largest)
    assert told.passages == ()  # no embeddings here: the library says nothing


def email(body: str, subject: str = "Your accounts") -> str:
    ask = EmailAsk(household="Okafor", subject=subject, body=body)
    return asyncio.run(draft_email(ask, research())).text


def test_a_draft_is_held_and_has_every_disclosure() -> None:
    text = email("I would like to go through the drift in your accounts.")
    assert text.startswith(HELD)
    assert all(one in text for one in DISCLOSURES.values())


@pytest.mark.parametrize(
    "body",
    [
        "This fund is guaranteed to do well.",
        "The shares will outperform next year.",
        "We expect returns of 8 % a year.",
        "It is risk-free and you cannot lose.",
        "Tech is set to rise again soon.",
    ],
)
def test_promises_and_predictions_are_refused(body: str) -> None:
    with pytest.raises(Refusal, match="promises or predicts"):
        email(body)
    with pytest.raises(Refusal, match="promises or predicts"):
        email("A plain sentence about your accounts.", body)


@pytest.mark.parametrize("body", ["Look at https://example.com now", "Write to me at a.b@example.com please"])
def test_links_and_addresses_are_refused(body: str) -> None:
    with pytest.raises(Refusal, match="link or an address"):
        email(body)


def test_plain_facts_about_the_past_pass() -> None:
    assert "fell by 3 %" in email("Your portfolio fell by 3 % last year; we should meet and talk about it.")
