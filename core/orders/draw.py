"""The life-cycle tables as pages for people: `python -m core.orders.draw order-life > docs/order-life.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

from core.orders import order, proposal, trade

OUTSIDE: Final = "[*]"


class Step(NamedTuple):
    before: str
    event: str
    after: str


def drawn(title: str, says: str, steps: Iterable[Step]) -> str:
    """A page with one state diagram: a line for each pair of states, with every event between them."""
    between: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        between.setdefault((step.before, step.after), []).append(step.event)
    lines = [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in between.items()]
    left = {before for before, after in between if before != after}
    ends = dict.fromkeys(after for _, after in between if after not in left)
    lines += [f"    {end} --> {OUTSIDE}" for end in ends]
    body = "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
    return f"# {title}\n\n{says}\n\n{body}\n"


def pages() -> dict[str, str]:
    """Every page by its name, without folder and ending."""
    orders = [
        Step(OUTSIDE, "ProposalAssessed", order.Status.HELD),
        *(Step(before, event, after) for (before, event), after in order.STEPS.items()),
        *(Step(before, "nothing is open", after) for before, after in order.COMPLETES.items()),
    ]
    proposals = [Step(before or OUTSIDE, event, after) for (before, event), after in proposal.STEPS.items()]
    first, again = trade.AGAIN
    left, undone = trade.UNDONE
    trades = [
        *(Step(before or OUTSIDE, event, after) for (before, event), after in trade.STEPS.items()),
        Step(first, "it was confirmed before", again),
        *(Step(before, "nothing is left of it", undone) for before in left),
    ]
    return {
        "proposal-life": drawn("The life of a proposal", _says("core/orders/proposal.py"), proposals),
        "order-life": drawn("The life of an order", _says("core/orders/order.py"), orders),
        "trade-life": drawn("The life of a trade", _says("core/orders/trade.py"), trades),
    }


def _says(table: str) -> str:
    return f"Drawn from `STEPS` in `{table}`. A step that is not here changes nothing."


if __name__ == "__main__":
    sys.stdout.write(pages()[sys.argv[1]])
