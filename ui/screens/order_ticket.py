"""The order ticket on the page: what the firm keeps of one order. Pure: JSON in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ui.screens import figures as f
from ui.screens.look import Cell, Column, Row, facts, table

Json = Mapping[str, Any]

STEP_COLUMNS: Final = (
    Column("Recorded, UTC"),
    Column("What"),
    Column("By"),
    Column("Fingerprint"),
    Column("What it says"),
    Column("Entry", figures=True),
)
EXECUTION_COLUMNS: Final = (
    Column("Executed, UTC"),
    Column("Venue"),
    Column("Quantity", figures=True),
    Column("Price", figures=True),
    Column("Fee", figures=True),
    Column("Trade date"),
    Column("Settles on"),
    Column("Entry", figures=True),
)
NOTHING: Final = "–"
NOT_YET: Final = Row(("Nothing of it has been executed.",))


def whole(ticket: Json, *, cause: str | None = None) -> str:
    """Everything on it, top to bottom. `cause`: of a correction, why."""
    steps: Sequence[Json] = sorted(
        [*ticket["decisions"], *ticket["changes"]], key=lambda one: int(one["seq"])
    )
    return (
        facts(_head(ticket, cause))
        + table(STEP_COLUMNS, [_step(one) for one in steps])
        + table(EXECUTION_COLUMNS, [_execution(one) for one in ticket["executions"]] or [NOT_YET])
    )


def _head(ticket: Json, cause: str | None) -> Mapping[str, Cell]:
    terms = ticket["terms"]
    limit = f" at {f.price(terms['limit_price'])}" if terms["limit_price"] else ""
    kind = f" {terms['order_type']}" if terms["order_type"] else ""
    account = (terms["account"], ticket["account_kind"] or NOTHING, ticket["capacity"] or NOTHING)
    recommended = ticket["recommended_by"] or NOTHING
    if ticket["agent"]:
        agent = f"the {ticket['agent']} agent ({ticket['agent_version'] or 'version not recorded'})"
        recommended = f"{recommended} by {agent}" if ticket["recommended_by"] else agent
    return {
        "Order": ticket["order"],
        "Terms": f"{terms['side']} {f.shares(terms['quantity'])} {terms['symbol']}{kind}{limit}",
        "Account": ", ".join(account),
        "Authority": ticket["authority"],
        "Custodian": ticket["custodian"] or NOTHING,
        "Responsible": ticket["advisor"] or NOTHING,
        "Requested by": ticket["requested_by"],
        "Recommended by": recommended,
        "Solicited": ticket["solicited"],
        "Rationale": ticket["rationale"],
        **exception(ticket, cause),
        "Received": _when(ticket["received_at"]),
        "Entered": _when(ticket["entered_at"]),
        "Sent": _when(ticket["sent_at"]),
        "Accepted": _when(ticket["accepted_at"]),
        "Ended": _when(ticket["ended_at"]),
        "State": f.status(ticket["status"]),
        "Venue": ", ".join(ticket["venues"]) or NOTHING,
        **in_block(ticket),
        "Filled": f"{f.shares(ticket['filled'])} at {f.average(ticket['average_price'])}",
        "Entries": ", ".join(map(str, ticket["seqs"])),
    }


def in_block(ticket: Json) -> Mapping[str, Cell]:
    """The block that it went with, its part of it, and how what was executed is shared."""
    block = ticket.get("block")
    if not block:
        return {}
    part = f"{f.shares(block['part'])} of {f.shares(block['quantity'])} shares in {block['orders']} orders"
    shared = NOTHING
    if block["filled"] is not None:
        shared = f"{f.shares(block['filled'])} at {f.average(block['average_price'])}"
    return {
        "Block": block["order"],
        "Part of it": part,
        "Shared": block["method"].replace("_", " "),
        "Executed of it": shared,
    }


def exception(ticket: Json, cause: str | None) -> Mapping[str, Cell]:
    """What it is, where it is no usual order."""
    if ticket["exception"] is None:
        return {}
    what = f"{f.exception_name(ticket['exception'])} of order {ticket['corrects']}"
    return {"Exception": what, **({"Cause": cause} if cause else {})}


def _when(text: str | None) -> str:
    return f.utc(text) if text else NOTHING


def _step(one: Json) -> Row:
    cells = (
        _when(one["at"]),
        one["what"],
        one["by"],
        f.fingerprint(one["digest"]),
        one["says"],
        str(one["seq"]),
    )
    return Row(cells)


def _execution(one: Json) -> Row:
    return Row(
        (
            _when(one["at"]),
            one["venue"],
            f.shares(one["quantity"]),
            f.price(one["price"]),
            f.dollars(one["fee"], cents=True),
            one["trade_date"],
            one["settles_on"],
            str(one["seq"]),
        )
    )
