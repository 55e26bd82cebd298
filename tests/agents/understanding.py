"""What the offline model asks of the tools for a message: as the graph puts it to it, without a desk.

`said_by_advisors.tsv` was written by intent before the model's rules: one line, what should be asked (several
joined by +), a tab, and what an advisor says. Lines with an even number were not looked at while rules were
mended.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from langchain_core.messages import HumanMessage, SystemMessage

from agents import bind, router
from agents.offline.model import OfflineModel
from agents.parts import told
from agents.prompts import prompt
from tools.catalog import HELD
from tools.contract import Agent

FILE: Final = Path(__file__).with_name("said_by_advisors.tsv")
SAID_BACK: Final = frozenset({"help", "decision", "refused", "ask", "negated"})
NAMED: Final = tuple(tool.name for tools in HELD.values() for tool in tools)
SERVES: Final[Mapping[str, frozenset[str]]] = {
    "research": frozenset(tool.name for tool in HELD[Agent.RESEARCH]),
    "compare": frozenset(name for name in NAMED if "compar" in name),
    "brief": frozenset(name for name in NAMED if "brief" in name),
    "email": frozenset(name for name in NAMED if "mail" in name),
    "concentration": frozenset({"concentration", "risk", "holdings"}),
    "exposure": frozenset({"risk"}),
    "rebalance": frozenset({"propose_rebalance"}),
    "rebalance_set": frozenset({"propose_set"}),
    "order": frozenset({"propose_order"}),
    "cancel": frozenset({"propose_cancel"}),
    "replace": frozenset({"propose_replace"}),
    "remainder": frozenset({"propose_remainder"}),
    "status": frozenset({"proposal_status"}),
    "proposals": frozenset({"list_proposals"}),
    **{kind: frozenset({kind}) for kind in ("locate", "raise_cash", "invest_cash", "harvest", "exit")},
}


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    wanted: str
    text: str

    @property
    def unseen(self) -> bool:
        return self.number % 2 == 0


def lines() -> tuple[Line, ...]:
    rows = (row.split("\t") for row in FILE.read_text(encoding="utf-8").splitlines())
    return tuple(Line(number, wanted, text) for number, (wanted, text) in enumerate(rows, 1))


def understood(line: Line) -> bool:
    """Whether it asks the tools that serve the line, in its order; where nothing should be drafted, none
    that drafts."""
    asked, said = asks(line.text)
    if line.wanted in SAID_BACK:
        return says_back(line.wanted, asked, said)
    wanted = line.wanted.split("+")
    return len(asked) == len(wanted) and all(
        got in SERVES.get(one, {one}) for got, one in zip(asked, wanted, strict=True)
    )


def says_back(wanted: str, asked: list[str], said: str) -> bool:
    """A question back may come from the tool that was asked: it finds no household, or several."""
    if wanted == "ask":
        return bool(asked) or said.rstrip().endswith("?")
    return (
        not asked
        and {
            "help": "I can" in said,
            "decision": "named people" in said,
            "refused": "not something I can do" in said or "I will not do that" in said,
            "negated": "Nothing was drafted" in said,
        }[wanted]
    )


def asks(text: str) -> tuple[list[str], str]:
    """The tools that are asked, in order, and what is said where none is. A plan goes by its kind."""
    model = OfflineModel()
    heard = [SystemMessage(prompt("orchestrator").text), HumanMessage(text, id="msg-1")]
    first = model.bind_tools([router.HAND_OVER]).invoke(heard)
    plan = router.planned(first, text)
    if not plan:
        return [], str(first.text)
    thoughts = [
        model.bind_tools(bind.schemas(Agent(part["agent"]))).invoke(
            [SystemMessage(prompt(part["agent"]).text), *told(part), HumanMessage(text, id="msg-1")]
        )
        for part in plan
    ]
    asked = [_name(call) for thought in thoughts for call in thought.tool_calls]
    return asked, " ".join(str(thought.text) for thought in thoughts)


def _name(call: Any) -> str:
    return str(call["args"]["kind"]) if call["name"] == "propose_plan" else str(call["name"])


def shares() -> dict[str, tuple[int, int]]:
    """Per kind of wish: understood, and of how many. Those of several parts count as `several`."""
    found: dict[str, tuple[int, int]] = {}
    for line in lines():
        name = "several" if "+" in line.wanted else line.wanted
        got, of = found.get(name, (0, 0))
        found[name] = (got + understood(line), of + 1)
    return found


def halves() -> dict[str, tuple[int, int]]:
    """What was looked at while rules were mended, and what was not."""
    found = {}
    for name, unseen in (("looked at", False), ("not looked at", True)):
        some = [line for line in lines() if line.unseen is unseen]
        found[name] = (sum(map(understood, some)), len(some))
    return found


if __name__ == "__main__":
    for name, (got, of) in [*sorted(shares().items()), *halves().items()]:
        sys.stdout.write(f"{name:14} {got} of {of}\n")
