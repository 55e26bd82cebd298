"""What the append itself counts: exactly at a limit passes, a cent or a share more does not.

All of it comes back when an order ends.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from core.book.lots import lot_id_for
from core.ids import OrderId
from tests.core.gate.deal import APPROVER, GATE, MARIA, ROBERT, Deal, close_day, leg, lot_in, open_day
from tests.core.limits.setting import set_limits
from tests.fixtures.firm import Answer, Firm

DAY: Final = "2022-12-29"
NEXT: Final = "2022-12-30"
OTHER_HOUSEHOLD: Final = "hh-103"


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm).own("1000000", "cash").own("1000", "AAPL")


def again(deal: Deal, **of: Any) -> Deal:
    return Deal(deal.firm, **of)


def asks(deal: Deal, *legs: dict[str, Any]) -> Answer:
    """Drafted, assessed, and what the submission answers."""
    assert deal.draft().ok
    said = deal.assess(*legs)
    assert said.ok, said
    return deal.submit()


def buying(deal: Deal, quantity: str, *, price: str = "100") -> dict[str, Any]:
    return leg(deal.account, "buy", "KO", quantity, price=price, limit=price)


def selling(deal: Deal, quantity: str, **changed: Any) -> dict[str, Any]:
    return {**leg(deal.account, "sell", "AAPL", quantity), **changed}


def used(deal: Deal, scope: str) -> Decimal:
    rows = deal.firm.ask(GATE, "select dollars from gatehouse.day_use where scope = %s order by named", scope)
    return sum((row["dollars"] for row in rows), Decimal(0))


def lot(deal: Deal, named: str) -> tuple[Any, Any]:
    (row,) = deal.firm.ask(
        GATE,
        "select held, reserved from gatehouse.lot_holding where account = %s and lot = %s",
        deal.account,
        named,
    )
    return row["held"], row["reserved"]


# Dollars of the day ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["account", "household", "advisor", "firm"])
def test_the_days_dollars_are_counted_to_the_cent(deal: Deal, scope: str) -> None:
    set_limits(deal.firm, **{f"{scope}_day_value": "2500"})
    assert asks(deal, buying(deal, "15")).ok
    assert asks(again(deal), buying(deal, "1", price="1000.01")).code == "day_limit_reached"
    assert used(deal, scope) == 1500
    assert asks(again(deal), buying(deal, "10")).ok
    assert used(deal, scope) == 2500


def test_buys_and_sells_count_alike_at_the_worse_of_worst_price_and_reference(deal: Deal) -> None:
    assert asks(deal, selling(deal, "10", limit_price="90"), buying(deal, "1")).ok
    assert used(deal, "account") == 10 * 100 + 100


def test_an_agents_drafts_count_for_the_agent_once_an_advisor_makes_them_hers(deal: Deal) -> None:
    set_limits(deal.firm, agent_day_value="1000")
    for quantity, code in (("10", None), ("1", "day_limit_reached")):
        one = again(deal)
        assert one.draft().ok
        deal.firm.ask(
            "superuser", "update gatehouse.proposal set agent = 'proposal' where proposal = %s", one.proposal
        )
        assert one.assess(buying(one, quantity)).ok
        assert one.submit().code == code
    assert used(deal, "agent") == 1000
    assert used(deal, "firm") == 1000


def test_another_account_has_its_own_dollars_and_the_firm_has_everybodys(deal: Deal) -> None:
    set_limits(deal.firm, account_day_value="1000", firm_day_value="1500")
    other = again(deal, household=OTHER_HOUSEHOLD)
    other.own("1000000", "cash")
    assert asks(deal, buying(deal, "10")).ok
    assert asks(other, buying(other, "10")).code == "day_limit_reached"
    assert asks(again(deal, household=OTHER_HOUSEHOLD), buying(other, "5")).ok


@pytest.mark.parametrize("ending", ["withdraw", "turn_down", "deny"])
def test_what_was_not_executed_comes_back_when_the_proposal_ends(deal: Deal, ending: str) -> None:
    deal.approved(selling(deal, "10"), buying(deal, "3"))
    assert getattr(deal, ending)().ok
    assert [used(deal, s) for s in ("account", "household", "advisor", "firm")] == [0, 0, 0, 0]
    assert lot(deal, lot_in("AAPL")) == (1000, 0)
    assert deal.firm.value(GATE, "select sum(coming) from gatehouse.holding") == 0


def test_an_ended_order_counts_with_what_it_came_to(deal: Deal) -> None:
    deal.approved(buying(deal, "10"))
    assert deal.release().ok
    assert deal.fill(0, "4", "99", fee="1").ok
    assert used(deal, "account") == 1000
    assert deal.of_order("OrderCancelled", 0, reason="x").ok
    assert used(deal, "account") == Decimal("397")
    assert deal.fill(0, "6", "100").ok  # late
    assert used(deal, "account") == Decimal("997")


def test_a_new_business_day_begins_at_nothing(deal: Deal) -> None:
    set_limits(deal.firm, account_day_value="1000")
    assert asks(deal, buying(deal, "10")).ok
    close_day(deal.firm)
    open_day(deal.firm, NEXT)
    assert asks(again(deal), buying(deal, "10")).ok
    assert used(deal, "account") == 1000
    assert deal.lapse().ok
    assert used(deal, "account") == 1000  # yesterday's order gives nothing back to today


# One order, how many, and how much of one symbol -----------------------------------------------------------


def test_an_order_is_measured_by_its_dollars_and_its_shares(deal: Deal) -> None:
    set_limits(deal.firm, order_value="1000", order_quantity="20")
    assert asks(again(deal), buying(deal, "1", price="1000.01")).code == "order_limit_reached"
    assert asks(again(deal), buying(deal, "21", price="1")).code == "order_limit_reached"
    assert asks(again(deal), buying(deal, "20", price="50")).ok


def test_orders_are_counted_within_the_window_and_no_longer(deal: Deal) -> None:
    set_limits(deal.firm, order_count=3, order_window_seconds=300)
    assert asks(deal, buying(deal, "1"), buying(deal, "2")).ok
    assert asks(again(deal), buying(deal, "1"), buying(deal, "2")).code == "order_count_reached"
    assert asks(again(deal), buying(deal, "3")).ok
    deal.firm.ask("superuser", "update gatehouse.order_burst set at = at - interval '5 minutes'")
    assert asks(again(deal), buying(deal, "4"), buying(deal, "5")).ok


def test_a_position_counts_what_open_buys_may_still_bring(deal: Deal) -> None:
    set_limits(deal.firm, position_size="2000")
    deal.own("5", "KO")
    assert asks(deal, buying(deal, "10")).ok
    assert asks(again(deal), buying(deal, "6")).code == "position_limit_reached"
    assert asks(again(deal), buying(deal, "5")).ok
    assert deal.withdraw().ok
    assert asks(again(deal), buying(deal, "10")).ok


def test_a_sale_of_a_position_that_is_too_large_is_not_stopped_by_its_size(deal: Deal) -> None:
    set_limits(deal.firm, position_size="2000")
    assert asks(deal, selling(deal, "10")).ok


# Loss of the day -------------------------------------------------------------------------------------------


def by(deal: Deal, author: str, *legs: dict[str, Any]) -> Answer:
    """As `asks`, of what an agent or a program drafted."""
    deal.firm.ask(
        "superuser",
        "insert into gatehouse.person (person, login, role, engaged_seq)"
        " values ('mch-t', 'mch-t', 'machine', 1) on conflict do nothing",
    )
    assert deal.draft().ok
    deal.firm.ask("superuser", f"update gatehouse.proposal set {author} where proposal = %s", deal.proposal)
    assert deal.assess(*legs).ok
    return deal.submit()


@pytest.mark.parametrize("author", ["agent = 'proposal'", "drafted_by = 'mch-t'"])
def test_who_lost_more_than_the_days_limit_buys_no_more_and_may_sell(deal: Deal, author: str) -> None:
    assert by(deal, author, buying(deal, "100", price="100")).ok
    assert deal.approve().ok
    assert deal.release().ok
    assert deal.fill(0, "99", "100.50").ok
    assert deal.fill(0, "1", "100.50").ok  # 10,050 for what is worth 10,000
    set_limits(deal.firm, day_loss="50")
    assert by(again(deal), author, buying(deal, "1")).ok  # exactly at the limit
    assert deal.firm.value("superuser", "select gatehouse.day_lost('proposal', 'mch-t', %s, null)", DAY) == 50
    deal.firm.ask(
        "superuser", "update gatehouse.leg set proceeds = proceeds - 0.01 where proposal = %s", deal.proposal
    )
    assert by(again(deal), author, buying(deal, "1")).code == "day_loss_reached"
    assert by(again(deal), author, selling(deal, "1")).ok
    assert asks(again(deal), buying(deal, "1")).ok  # a person's own


def test_a_signals_loss_is_not_hidden_by_another_signals_gain(deal: Deal) -> None:
    strategy = "drafted_by = 'mch-t'"
    won = leg(deal.account, "sell", "AAPL", "100", price="100")
    assert by(deal, strategy, won, buying(deal, "100")).ok
    assert deal.approve().ok
    for number, price in ((0, "101"), (1, "100.51")):
        assert deal.release(number).ok
        assert deal.fill(number, "100", price).ok
    set_limits(deal.firm, day_loss="50")
    assert by(again(deal), strategy, buying(deal, "1")).code == "day_loss_reached"
    other = leg(deal.account, "buy", "PEP", "1")
    assert by(again(deal), strategy, other).ok


# Lots ------------------------------------------------------------------------------------------------------


def lots(**shares: str) -> list[dict[str, str]]:
    return [{"lot": named.replace("_", "-"), "quantity": quantity} for named, quantity in shares.items()]


@pytest.mark.parametrize(
    "chosen",
    [
        [],
        lots(lot_of_AAPL="9"),
        lots(lot_of_AAPL="11"),
        lots(lot_of_AAPL="20", x="-10"),
        lots(x="0", lot_of_AAPL="10"),
    ],
)
def test_a_sale_names_lots_that_make_up_its_shares(deal: Deal, chosen: list[dict[str, str]]) -> None:
    assert deal.draft().ok
    assert deal.assess(selling(deal, "10", lots=chosen)).code == "lots_mismatch"


def test_a_purchase_names_no_lot(deal: Deal) -> None:
    assert deal.draft().ok
    assert deal.assess({**buying(deal, "10"), "lots": lots(lot_of_AAPL="10")}).code == "lots_mismatch"


def test_no_lot_that_is_not_there_is_sold(deal: Deal) -> None:
    deal.own("100", "KO")
    for chosen in (lots(nowhere="10"), lots(lot_of_KO="10")):
        assert asks(again(deal), selling(deal, "10", lots=chosen)).code == "lots_not_free"


def test_no_lot_is_promised_twice(deal: Deal) -> None:
    assert asks(deal, selling(deal, "600")).ok
    assert asks(again(deal), selling(deal, "401")).code == "shares_not_free"
    deal.firm.ask(
        "superuser",
        "update gatehouse.holding set held = held + 1000 where account = %s and symbol = 'AAPL'",
        deal.account,
    )
    assert asks(again(deal), selling(deal, "401")).code == "lots_not_free"
    assert asks(again(deal), selling(deal, "400")).ok
    assert lot(deal, lot_in("AAPL")) == (1000, 1000)


def test_a_fill_uses_the_chosen_lots_in_their_order(deal: Deal) -> None:
    deal.firm.ask(
        "superuser",
        "insert into gatehouse.lot_holding values (%s, 'second', 'AAPL', 50, 0)",
        deal.account,
    )
    chosen = lots(second="20", lot_of_AAPL="30")
    deal.approved(selling(deal, "50", lots=chosen))
    assert deal.release().ok
    assert deal.fill(0, "25", "100").ok
    assert (lot(deal, "second"), lot(deal, lot_in("AAPL"))) == ((30, 0), (995, 25))
    assert deal.of_order("OrderCancelled", 0, reason="x").ok
    assert (lot(deal, "second"), lot(deal, lot_in("AAPL"))) == ((30, 0), (995, 0))


def test_a_purchase_opens_the_lot_that_the_fold_derives(deal: Deal) -> None:
    deal.approved(buying(deal, "10"))
    assert deal.release().ok
    assert deal.fill(0, "10", "100", execution="e-1").ok
    assert lot(deal, lot_id_for(OrderId(deal.order(0)), "e-1")) == (10, 0)


def test_a_lot_that_a_late_fill_took_is_not_released_to_somebody_else(deal: Deal) -> None:
    deal.own("10", "AAPL")
    deal.approved(selling(deal, "10"))
    assert deal.release().ok
    assert deal.of_order("OrderCancelled", 0, reason="x").ok
    other = again(deal).approved(selling(deal, "10"))
    assert deal.fill(0, "10", "100").ok  # late
    assert other.release().code == "lots_not_free"


def test_an_execution_counts_once_under_any_key_and_never_beyond_the_release(deal: Deal) -> None:
    deal.approved(selling(deal, "10"))
    assert deal.release().ok
    assert deal.fill(0, "6", "100", execution="e-1").ok
    assert deal.fill(0, "3", "100", execution="e-1").code == "execution_known"
    assert deal.fill(0, "5", "100").code == "overfilled"
    assert deal.held("AAPL") == (Decimal(994), Decimal(4))
    assert deal.fill(0, "4", "100").ok


# Deposits --------------------------------------------------------------------------------------------------


def deposit(deal: Deal, amount: str, until: str | None) -> None:
    payload = {"account": deal.account, "deposit": f"d-{until}", "amount": amount, "held_until": until}
    item = deal.firm.item("CashDeposited", f"account/{deal.account}", payload)
    assert deal.firm.append("gh_owner", item)[0].ok


def test_a_held_deposit_is_spendable_when_its_day_comes(deal: Deal) -> None:
    deal.own("0", "cash")
    deposit(deal, "5000", NEXT)
    assert asks(again(deal), buying(deal, "10")).code == "cash_not_free"
    close_day(deal.firm)
    open_day(deal.firm, NEXT)
    assert deal.held("cash")[0] == 5000
    assert asks(again(deal), buying(deal, "10")).ok


def test_a_deposit_whose_day_has_come_is_spendable_at_once(deal: Deal) -> None:
    before = deal.held("cash")[0]
    deposit(deal, "5000", "2022-12-29")
    assert deal.held("cash")[0] == before + 5000


def test_no_person_reads_what_is_left_of_a_limit_but_those_who_supervise(deal: Deal) -> None:
    assert asks(deal, buying(deal, "10")).ok
    seen = {}
    for login in (MARIA, ROBERT):
        with deal.firm.connection(APPROVER).transaction():
            deal.firm.ask(APPROVER, "select gatehouse.present(%s)", deal.firm.ticket(login))
            seen[login] = len(deal.firm.ask(APPROVER, "select * from gatehouse.day_use"))
    assert seen[MARIA] == 0
    assert seen[ROBERT] > 0
