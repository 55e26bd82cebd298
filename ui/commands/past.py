"""What an account, household, proposal or order was, for reading in a terminal.

Rule 1: it opens with the times and the sequence that the answer stands at.
Rule 2: figures are right-aligned and written as on the screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ui.screens import figures as f


def show(out: Console, kind: str, found: Any) -> None:
    """`kind` is as in the address: accounts, households, proposals or orders."""
    SHOWN[kind](out, found)
    _moments(out, found["as_of"])


def _moments(out: Console, as_of: Any) -> None:
    held = "" if as_of["true_at"] is None else f", true at {f.utc(as_of['true_at'])} UTC"
    out.print(
        f"\n[dim]Known at {f.utc(as_of['known_at'])} UTC{held}. It stands at entry {as_of['as_of_seq']:,}; "
        f"{as_of['entries']:,} entries were read.[/]"
    )
    for word in as_of["says"]:
        out.print(f"[bold]{escape(word)}[/]")


def _household(out: Console, found: Any) -> None:
    out.print(f"[bold]Household {found['household']}[/]  objective {found['objective'] or f.DASH}")
    for account in found["accounts"]:
        out.print()
        _account(out, account, proposals=False)
    _proposals(out, found["proposals"])


def _account(out: Console, found: Any, *, proposals: bool = True) -> None:
    day = "before the first business day" if found["session"] is None else f.day(found["session"])
    out.print(f"[bold]Account {found['account']}[/]  {f.status(found['status'])}, business day {day}")
    out.print(_lots(found))
    cash = found["cash"]
    out.print(
        f"Cash: settled {f.dollars(cash['settled'], cents=True)}, unsettled "
        f"{f.dollars(cash['unsettled'], cents=True)}, held {f.dollars(cash['held'], cents=True)}"
    )
    out.print(_limits(found["limits"]))
    if proposals:
        _proposals(out, found["proposals"])
    _orders(out, "Open orders", found["orders"])


def _lots(found: Any) -> Table:
    """Each holding, and under it its lots."""
    table = _table(("Holding", "Lot"), ("Shares", "Cost a share"), ("Acquired",))
    for position in found["positions"]:
        table.add_row(position["symbol"], "", f.shares(position["quantity"]), "", "")
        for lot in found["lots"]:
            if lot["symbol"] == position["symbol"]:
                cost = f.average(lot["cost_per_share"])
                table.add_row("", lot["lot"], f.shares(lot["quantity"]), cost, f.day(lot["acquired_on"]))
    return table


def _limits(limits: Any) -> str:
    return (
        f"Limits: cash floor {f.dollars(limits['cash_floor'])}, one issuer at most "
        f"{f.percent(limits['max_issuer_weight'])}, model {limits['model'] or f.DASH} within "
        f"{f.tolerance(limits)}\n"
        f"Do not trade: {', '.join(limits['do_not_trade']) or f.DASH}. "
        f"Restricted: {', '.join(limits['restricted']) or f.DASH}. "
        f"Policies: {f.fingerprint(limits['policy_set'])}"
    )


def _proposals(out: Console, proposals: Any) -> None:
    if not proposals:
        out.print("No open trade proposals.")
        return
    table = _table(("Open proposal", "State"), ("Tier", "Tickets"), ("Fingerprint",))
    for one in proposals:
        tickets, print_ = str(len(one["orders"])), f.fingerprint(one["digest"])
        table.add_row(one["proposal"], f.status(one["status"]), str(one["tier"] or f.DASH), tickets, print_)
    out.print(table)


def _proposal(out: Console, found: Any) -> None:
    out.print(f"[bold]Trade proposal {found['proposal']}[/]  {f.status(found['status'])}")
    consent = "not needed" if not found["needs_consent"] else "given" if found["consented"] else "missing"
    out.print(f"Tier {found['tier'] or f.DASH}, consent {consent}, fingerprint {found['digest'] or f.DASH}")
    if found["successor"] is not None:
        out.print(f"Followed by {found['successor']}.")
    _orders(out, "Orders", found["orders"])


def _order(out: Console, found: Any) -> None:
    _orders(out, "Order", [found])
    if found["says"]:
        out.print(escape(found["says"]))
    table = _table(("Trade date", "Settles", "State"), ("Shares", "Average price", "Net amount"), ())
    for one in found["trades"]:
        table.add_row(
            f.day(one["trade_date"]),
            f.day(one["settles_on"]),
            f.status(one["status"]),
            f.shares(one["quantity"]),
            f.average(one["average_price"]),
            f.dollars(one["net_amount"], cents=True),
        )
    out.print(table if found["trades"] else "No trades.")


def _orders(out: Console, title: str, orders: Any) -> None:
    if not orders:
        out.print(f"{title}: none.")
        return
    table = _table((title, "What", "Account", "State", "Venue"), ("Shares", "Filled", "Average price"), ())
    for one in orders:
        table.add_row(
            one["order"],
            f"{one['side'].capitalize()} {one['symbol']}",
            one["account"],
            f.status(one["status"]),
            one["venue"] or f.DASH,
            f.shares(one["quantity"]),
            f.shares(one["filled"]),
            f.average(one["average_price"]),
        )
    out.print(table)


def _table(words: Iterable[str], figures: Iterable[str], more: Iterable[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in words:
        table.add_column(title, no_wrap=True)
    for title in figures:
        table.add_column(title, justify="right", no_wrap=True)
    for title in more:
        table.add_column(title, no_wrap=True)
    return table


SHOWN: Final[Mapping[str, Callable[[Console, Any], None]]] = {
    "accounts": _account,
    "households": _household,
    "proposals": _proposal,
    "orders": _order,
}
