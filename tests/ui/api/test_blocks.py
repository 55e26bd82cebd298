"""Blocks over HTTP and at the command line, with real processes: who sees one, and what is refused."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from core.errors import BadInput
from core.plain_http import NOBODY
from tests.fixtures.office import Office
from tests.fixtures.processes import until
from tests.ui.api.test_decisions import has_cash
from tests.ui.api.test_terminal import Terminal
from ui.commands import allocation
from ui.screens import in_block, order_ticket
from ui.screens.client import Problem

MARIA, DAVID, ROBERT, NGOZI = "maria.alvarez", "david.nakamura", "robert.hensley", "ngozi.adeyemi"
ELENA: Final = "elena.petrova"
DAY: Final = "2022-12-29"
ASKED: Final = ("3", "2")  # shares


@dataclass(frozen=True)
class Shared:
    """A block of David's that was executed and shared, and the proposals of its orders."""

    block: Any
    proposals: list[str]

    @property
    def order(self) -> str:
        return str(self.block["order_id"])

    def change(self, **changed: Any) -> dict[str, Any]:
        """Other shares of its day, which do not add up."""
        shares = {one["order_id"]: "1" for one in self.block["orders"]}
        return {"trade_date": DAY, "revision": 1, "shares": shares, "reason": "Wrong way round.", **changed}


@pytest.fixture(scope="module")
def shared(office: Office) -> Shared:
    david, robert = office.of(DAVID), office.of(ROBERT)
    proposals = []
    for account, quantity in zip(two_with_one_custodian(david), ASKED, strict=True):
        ask = {"kind": "order", "household": account["household"], "accounts": [account["account"]]}
        terms = {"symbol": "PG", "side": "buy", "quantity": quantity, "order_type": "market"}
        made = david.draft({**ask, **terms}, key=f"block-{os.urandom(6).hex()}")
        one = until(lambda: david.proposal(made["proposal"]), lambda p: p["status"] != "DRAFTED")  # noqa: B023
        assert (one["status"], one["needs_consent"], one["found"]) == ("ASSESSED", False, 0), one["findings"]
        proposals.append(one["proposal"])
    made = david.assemble_batch(proposals, key=f"key-{os.urandom(6).hex()}")
    for client, verb in ((david, "submit"), (robert, "approve")):
        client.decide_batch(made["batch"], verb, {"digest": made["digest"], "reasons": {}})
    found = until(lambda: david.blocks(proposals[0]), lambda told: [b["status"] for b in told] == ["SHARED"])
    return Shared(found[0], proposals)


def two_with_one_custodian(advisor: Any) -> list[Any]:
    """Accounts of hers that may buy a little, of households that need nothing else today."""
    needs = {need["household"] for need in advisor.worklist()}
    homes = [advisor.household(r["household"]) for r in advisor.households() if r["household"] not in needs]
    fit = [one for home in homes for one in home["accounts"] if one["discretionary"] and has_cash(one)]
    by_custodian: dict[str, list[Any]] = {}
    for account in fit:
        by_custodian.setdefault(account["custodian"], []).append(account)
    return max(by_custodian.values(), key=len)[:2]


def no_to(ask: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as no:
        ask()
    return no.value.status, no.value.code


def test_a_block_is_seen_with_everybodys_part_by_whose_batch_it_is_and_by_nobody_else(
    office: Office, shared: Shared
) -> None:
    david, block = office.of(DAVID), shared.block
    assert sorted(one["filled"] for one in block["orders"]) == sorted(ASKED)
    (day,) = block["allocations"]
    assert (day["trade_date"], day["quantity"], len(day["shares"])) == (DAY, "5", 2)
    assert david.block(shared.order) == block
    assert shared.order in {one["order_id"] for one in office.of(NGOZI).blocks()}
    maria = office.of(MARIA)
    assert maria.blocks(shared.proposals[0]) == []
    assert shared.order not in {one["order_id"] for one in maria.blocks()}
    assert no_to(lambda: maria.block(shared.order)) == (404, "not_found")
    assert httpx.get(f"{office.url}/v1/blocks", trust_env=False, verify=NOBODY).status_code == 401

    # On the order's row, and on its ticket
    mine = block["orders"][0]
    line = in_block.words(mine["order_id"], [block])
    assert line.startswith(
        f"It is {mine['quantity']} of the 5 shares of block {shared.order}: 5 of them executed"
    )
    ticket = david.order_ticket(mine["order_id"])
    assert ticket["block"]["order"] == shared.order
    assert f"{mine['quantity']} of 5 shares in 2 orders" in order_ticket.whole(ticket)


def test_shares_are_changed_by_operations_alone_as_they_add_up(office: Office, shared: Shared) -> None:
    elena, order = office.of(ELENA), shared.order
    assert no_to(lambda: office.of(DAVID).draft_allocation(order, shared.change())) == (403, "not_operations")
    assert no_to(lambda: elena.draft_allocation(order, shared.change())) == (422, "allocation_misstated")
    assert no_to(lambda: elena.draft_allocation(order, shared.change(revision=7)))[1] == "allocation_changed"
    assert no_to(lambda: elena.draft_allocation("gh-none", shared.change())) == (404, "not_found")
    assert no_to(lambda: office.of(MARIA).draft_allocation(order, shared.change())) == (404, "not_found")
    assert no_to(lambda: office.of(NGOZI).confirm_allocation(order, "alc-none")) == (404, "not_found")


def test_at_a_terminal_blocks_are_listed_and_a_change_that_does_not_add_up_is_one_line(
    office: Office, shared: Shared, tmp_path: Path
) -> None:
    terminal = Terminal(office, tmp_path)
    assert terminal.login(ELENA).returncode == 0
    told = terminal.run("orders", "blocks").stdout
    assert shared.order in told
    parts = shared.block["orders"]
    assert all(f"{one['order_id']} {one['quantity']}" in told for one in parts)
    words = [f"{one['order_id']}=1" for one in parts]
    said = terminal.run(
        "allocation", "change", shared.order, *words, "--day", DAY, "--why", "Wrong way round."
    )
    assert (said.returncode, "all shares add up" in said.stderr) == (1, True)


def test_shares_are_written_once_for_each_order_of_a_block_that_was_shared_that_day(shared: Shared) -> None:
    assert allocation.shares_of(["gh-1=12", "gh-2=0"]) == {"gh-1": "12", "gh-2": "0"}
    for words in (["gh-1"], ["=3"], ["gh-1=1", "gh-1=2"]):
        with pytest.raises(BadInput, match="names no order's shares"):
            allocation.shares_of(words)
    assert allocation.revision_of(shared.block, DAY) == 1
    with pytest.raises(BadInput, match="nothing of the block is shared"):
        allocation.revision_of(shared.block, "2022-12-30")


@pytest.mark.parametrize(
    "wrong",
    [
        {"shares": {"gh-1": 1}},
        {"shares": {"gh-1": "-1"}},
        {"shares": {"a\nb": "1"}},
        {"shares": {}},
        {"revision": 0},
        {"trade_date": "today"},
        {"reason": ""},
        {"reason": "a\x00b"},
        {"more": 1},
    ],
)
def test_what_is_no_change_of_shares_is_refused_unread(
    office: Office, shared: Shared, wrong: dict[str, Any]
) -> None:
    assert no_to(lambda: office.of(ELENA).draft_allocation(shared.order, shared.change(**wrong)))[0] == 422


def test_the_rule_of_sharing_takes_two_who_may_and_a_reason(office: Office) -> None:
    robert, ngozi = office.of(ROBERT), office.of(NGOZI)
    assert no_to(lambda: office.of(MARIA).propose_allocation_rule("rotational", "Fair.")) == (
        403,
        "may_not_set_routing",
    )
    assert no_to(lambda: robert.propose_allocation_rule("by_size", "Fair."))[0] == 422
    assert no_to(lambda: robert.propose_allocation_rule("pro_rata", " "))[0] == 422
    version = robert.propose_allocation_rule("pro_rata", "As before, in writing.")["version"]
    assert no_to(lambda: ngozi.propose_allocation_rule("pro_rata", "Me too."))[1] == "allocation_rule_open"
    assert no_to(lambda: robert.confirm_allocation_rule(version, "pro_rata")) == (403, "self_approval")
    assert no_to(lambda: ngozi.confirm_allocation_rule(version, "rotational"))[1] == "allocation_rule_missing"
    ngozi.confirm_allocation_rule(version, "pro_rata")
    newest = office.of(MARIA).allocation_rules()[0]
    assert (newest["version"], newest["method"], newest["reason"]) == (
        version,
        "pro_rata",
        "As before, in writing.",
    )
    assert newest["confirmed_by"] == ngozi.me()["person"]


def test_a_trade_is_passed_on_by_operations_once_it_is_confirmed(office: Office, shared: Shared) -> None:
    elena, mine = office.of(ELENA), shared.block["orders"][0]["order_id"]
    to = {"broker": "MERI", "custodian": shared.block["custodian"]}

    def passed(client: Any, order: str = mine, date: str = DAY, **changed: str) -> tuple[int, str]:
        return no_to(lambda: client.pass_on(order, date, "step-out", {**to, **changed}))

    assert passed(office.of(DAVID)) == (403, "not_operations")
    assert passed(office.of(MARIA)) == (404, "not_found")
    assert passed(elena)[1] == "no_such_step"  # it is confirmed after the close
    assert passed(elena, shared.order) == (404, "not_found")  # a block has no trade: its orders have
    assert passed(elena, "gh-none") == (404, "not_found")
    assert passed(elena, broker="me")[0] == passed(elena, date="today")[0] == 422
    assert no_to(lambda: elena.pass_on(mine, DAY, "sell-on", to))[0] == 422
