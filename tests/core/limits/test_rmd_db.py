"""What must leave an IRA: operations records it, and the cash stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.database.pools import async_pool, lend
from core.ids import HouseholdId
from core.projections.reader import read_picture
from tests.core.gate.deal import APPROVER, ELENA, MARIA
from tests.fixtures.firm import Answer, Firm


def an_account(firm: Firm, kind: str) -> tuple[str, str]:
    row = firm.ask(
        "superuser", "select account, household from gatehouse.account where kind = %s limit 1", kind
    )[0]
    return row["account"], row["household"]


def determine(firm: Firm, account: str, login: str = ELENA, **said: Any) -> Answer:
    payload = {"account": account, "year": 2023, "amount": "1200", "due_on": "2023-12-31", **said}
    return firm.append(APPROVER, firm.item("RmdDetermined", f"account/{account}", payload, login=login))[0]


@pytest.mark.anyio
async def test_the_newest_word_on_a_year_is_what_is_due(firm: Firm) -> None:
    account, household = an_account(firm, "ira")
    assert determine(firm, account).ok
    assert determine(firm, account, amount="1300").ok
    assert determine(firm, account, year=2022, due_on="2022-12-31", amount="0").ok
    await firm.fold()
    async with async_pool(firm.database.gate, name="test", most=1) as pool, lend(pool) as connection:
        picture = await read_picture(connection, HouseholdId(household))
    due = [(o.schedule, o.amount) for a in picture.household.accounts for o in a.outflows if o.what == "rmd"]
    assert due == [("rmd-2022", Decimal(0)), ("rmd-2023", Decimal(1300))]


def test_it_is_for_operations_and_for_iras(firm: Firm) -> None:
    account, _ = an_account(firm, "ira")
    assert determine(firm, account, MARIA).code == "not_operations"
    assert determine(firm, an_account(firm, "taxable")[0]).code == "not_an_ira"
    assert determine(firm, account, due_on="soon").code == "malformed_payload"
    assert determine(firm, account, amount="-1").code == "malformed_payload"
