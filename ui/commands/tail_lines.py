"""How one entry of the record looks in a terminal: when, which, who, what, and the figures.

Rule 1: at most two lines for an entry, and neither is wider than it was told to be.
Rule 2: nothing of what others wrote reaches the terminal as a control sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

from ui.commands.printed import CONTROL
from ui.screens import figures as f
from ui.screens.timeline import GREEN, RED, event_words, told_facts, who_did_it

WHO: Final = 20  # columns
INDENT: Final = 25
EXTERNAL_WHO: Final[Mapping[str, str]] = {"agent": "copilot for ", "person": "", "process": ""}


def entry_lines(entry: Mapping[str, Any], orders: Mapping[str, str], *, width: int) -> list[Text]:
    """An entry of the record. `orders` are their names by id, where they are known."""
    kind, facts = str(entry["event_type"]), dict(told_facts(entry["payload"], orders))
    order = facts.pop("order", "")
    if kind == "OrderReleased":
        facts.pop("quantity", None)  # the order says it
    told = " · ".join(f"{name} {value}" for name, value in facts.items())
    return _lines((entry["recorded_at"], str(entry["seq"]), who_did_it(entry), kind), order, told, width)


def order_lines(event: Mapping[str, Any], seq: str, *, width: int) -> list[Text]:
    """An event of an order in its external form."""
    order = f"{event['side']} {f.shares(event['quantity'])} {event['symbol']}"
    told = [f"limit {f.price(event['limit_price'])}"] if event["limit_price"] else []
    if done := event.get("execution"):
        told.insert(0, f"{f.shares(done['quantity'])} at {f.price(done['price'])} on {done['venue']}")
    told.append(f"account {event['account_id']}")
    if decisions := event["policy_decisions"]:
        against = "".join(f", {d['policy']} {d['result']}" for d in decisions if d["result"] != "pass")
        told.append(f"{len(decisions)} checks{against}")
    who = EXTERNAL_WHO[event["actor"]["type"]] + event["actor"]["id"]
    head = (event["timestamp_utc"], seq, who, str(event["event_type"]))
    return _lines(head, order, " · ".join(told), width)


def _lines(head: tuple[str, str, str, str], order: str, told: str, width: int) -> list[Text]:
    at, seq, who, kind = head
    first = Text.assemble(
        (f.utc(at), "dim"),
        f"{seq:>10}  ",
        (_cut(who, WHO).ljust(WHO), "cyan"),
        "  ",
        (_clean(event_words(kind)), f"bold {_tone(kind)}"),
        f"  {_clean(order)}" if order else "",
    )
    said = Text(_clean(told))
    if told and first.cell_len + 3 + said.cell_len <= width:
        return [Text.assemble(first, " · " if order else "  ", said)]
    first.truncate(width, overflow="ellipsis")
    said.truncate(width - INDENT, overflow="ellipsis")
    return [first, Text.assemble(" " * INDENT, said)] if told else [first]


def _tone(kind: str) -> str:
    return "red" if kind in RED else "green" if kind in GREEN else "default"


def _cut(words: str, width: int) -> str:
    text = Text(_clean(words))
    text.truncate(width, overflow="ellipsis")
    return text.plain


def _clean(words: object) -> str:
    return CONTROL.sub("", str(words)).replace("\n", " ").replace("\t", " ")
