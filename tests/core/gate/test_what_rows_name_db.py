"""A proposal, its legs and what it was asked again name only what is there, and what is named stays."""

from __future__ import annotations

import json
from typing import Final

import psycopg
import pytest

from core.database.logins import OWNER
from tests.core.gate.deal import Deal
from tests.fixtures.firm import Firm

COPY: Final = (
    "insert into gatehouse.{table} select (jsonb_populate_record(t, %s::jsonb)).* from gatehouse.{table} t"
    " where t.proposal = %s"
)
NAMED: Final = (
    ("proposal", {"proposal": "prp-copy", "household": "nobody"}),
    ("proposal", {"proposal": "prp-copy", "advisor": "nobody"}),
    ("proposal", {"proposal": "prp-copy", "drafted_by": "nobody"}),
    ("proposal", {"proposal": "prp-copy", "submitted_by": "nobody"}),
    ("leg", {"proposal": "nobody", "order_id": "gh-copy"}),
    ("leg", {"leg": 7, "order_id": "gh-copy", "account": "nobody"}),
    ("reassessment", {"proposal": "nobody"}),
)
MOVED: Final = (
    "update gatehouse.proposal set household = 'nobody'",
    "update gatehouse.proposal set drafted_by = 'nobody'",
    "update gatehouse.proposal set proposal = proposal || 'x'",
    "update gatehouse.leg set account = 'nobody'",
    "update gatehouse.reassessment set proposal = 'nobody'",
    "update gatehouse.household set household = household || 'x'",
    "update gatehouse.account set account = account || 'x'",
    "update gatehouse.person set person = person || 'x'",
    "delete from gatehouse.proposal",
    "delete from gatehouse.household",
    "delete from gatehouse.account",
    "delete from gatehouse.person",
    "truncate gatehouse.proposal cascade",
    "truncate gatehouse.household cascade",
    "truncate gatehouse.account cascade",
    "truncate gatehouse.person cascade",
)


@pytest.fixture(scope="module")
def proposal(shared_firm: Firm) -> str:
    """One with a leg."""
    deal = Deal(shared_firm)
    return str(deal.submitted(*deal.plain()).proposal)


@pytest.mark.parametrize(("table", "changed"), NAMED)
def test_a_row_that_names_what_is_not_there_is_refused(
    shared_firm: Firm, proposal: str, table: str, changed: dict[str, str | int]
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        shared_firm.ask(OWNER, COPY.format(table=table), json.dumps(changed), proposal)


@pytest.mark.usefixtures("proposal")
@pytest.mark.parametrize("statement", MOVED)
def test_what_is_named_is_neither_renamed_nor_taken_away(shared_firm: Firm, statement: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        shared_firm.ask("superuser", statement)


def test_a_row_like_another_is_taken(shared_firm: Firm, proposal: str) -> None:
    """What is refused above is refused for the name alone."""
    for table, changed in (
        ("proposal", {"proposal": "prp-copy"}),
        ("leg", {"proposal": "prp-copy", "order_id": "gh-copy"}),
        ("reassessment", {"proposal": "prp-copy"}),
    ):
        shared_firm.ask(OWNER, COPY.format(table=table), json.dumps(changed), proposal)
