"""The state of a simulated venue, as a fold of its own ledger's lines.

Rule 1: state changes in `apply` alone, so a restart that reads the ledger stands where the venue stood.
Rule 2: one client order id is one order for ever, accepted or rejected: `answers` holds what was said first.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from core.venues.simulated.book import Resting
from core.venues.simulated.day import Day, read_day
from core.venues.simulated.faults import NO_FAULTS, Faults, changed
from core.venues.simulated.ledger import Line
from core.venues.simulated.ticket import Ticket, read_ticket


@dataclass(frozen=True, slots=True)
class Answered:
    """What the first message under an id was, and what its sender was told."""

    body_digest: str
    answer: dict[str, Any]


@dataclass(slots=True)
class Held:
    """One accepted order."""

    ticket: Ticket
    resting: Resting
    executions: list[Line] = field(default_factory=list)
    changes: list[Line] = field(default_factory=list)
    ended: Line | None = None

    @property
    def open(self) -> bool:
        return self.ended is None and self.resting.left > 0


class Exchange:
    """Orders, reports and the day. A report is one of the ledger's own lines."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.faults: Faults = NO_FAULTS
        self.step = 0
        self.messages = 0
        self.read: dict[str, Ticket] = {}  # what was read of a message whose line comes next
        self.answers: dict[str, Answered] = {}
        self.orders: dict[str, Held] = {}
        self._reports: list[Line] = []
        self._places: list[int] = []

    def apply(self, line: Line) -> None:
        """Take one line of the ledger. Lines of other kinds change nothing."""
        match line["kind"]:
            case "message":
                self.messages += 1
                if line["verb"] in ("send", "replace"):
                    self._sent(line)
            case "rested":
                held = self.orders[line["order"]]
                held.resting = replace(held.resting, rested=True)
            case "execution":
                self._executed(line)
                self._report(line)
            case "ended":
                self._ended(line)
            case "busted" | "corrected":
                self.orders[line["order"]].changes.append(line)
                self._report(line)
            case "simulation":
                self._told(line["control"])

    def reports(self, *, after: int, until: int, most: int) -> list[Line]:
        """Lines with a sequence above `after`, up to `until`."""
        begin, end = bisect_right(self._places, after), bisect_right(self._places, until)
        if end > begin + most:  # two reports of one line stay together
            end = bisect_right(self._places, self._places[begin + most - 1])
        return self._reports[begin:end]

    def newest(self, *, until: int) -> int:
        """The sequence of the newest report, zero before any."""
        place = bisect_right(self._places, until)
        return self._places[place - 1] if place else 0

    def _sent(self, line: Line) -> None:
        order, answer = line["order"], line["answer"]
        if order is None or order in self.answers:
            return
        self.answers[order] = Answered(line["body_digest"], answer)
        if answer["answer"] != "accepted":
            return
        ticket = self.read.pop(order, None) or read_ticket(line["body"].encode())
        resting = Resting(
            id=ticket.id,
            buys=ticket.side == "buy",
            quantity=Decimal(line["left"]) if "left" in line else ticket.quantity,
            limit=ticket.limit,
            executed=Decimal(0),
            pieces=0,
            rested=False,
        )
        self.orders[order] = Held(ticket, resting)
        for ended in line.get("ends", ()):  # one line, so that no half of a replacement can be lost
            self._ended({**ended, "seq": line["seq"], "kind": "ended"})

    def _executed(self, line: Line) -> None:
        held = self.orders[line["order"]]
        done = held.resting.executed + Decimal(line["quantity"])
        held.resting = replace(held.resting, executed=done, pieces=held.resting.pieces + 1)
        held.executions.append(line)

    def _ended(self, line: Line) -> None:
        self.orders[line["order"]].ended = line
        self._report(line)

    def _report(self, line: Line) -> None:
        self._reports.append(line)
        self._places.append(line["seq"])

    def _told(self, control: dict[str, Any]) -> None:
        if "day" in control:
            self.day = read_day(control["day"])
        if "step" in control:
            self.step = control["step"]
        if "faults" in control:
            self.faults = changed(self.faults, control["faults"])
