"""What the demo's steps share: the world, its people, what is told, and which claims held.

Rule 1: a claim that does not hold is told as such and the story goes on: the figures at the end count it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from core.database.logins import GATE
from core.firm.people import PEOPLE
from core.firm.story import STORY
from core.ids import HouseholdId, PersonId
from core.venues.simulated.ledger import Line
from evals.person import Person
from evals.world import VENUES, World

QUOTES: Final = "select symbol, venue, bid from gatehouse.quote order by symbol, venue"
FIGURES_WITHIN: Final = timedelta(seconds=40)


@dataclass(slots=True)
class Case:
    """One household's proposal, and the conversation that it came from."""

    thread: str
    proposal: str


@dataclass(slots=True)
class Scene:
    world: World
    out: Console
    cases: dict[HouseholdId, Case] = field(default_factory=dict)
    consents: int = 0
    not_held: list[str] = field(default_factory=list)

    # people

    @property
    def advisor(self) -> Person:
        return self.of(STORY.advisor)

    @property
    def principal(self) -> Person:
        return self.of(STORY.principal)

    @property
    def researcher(self) -> Person:
        return self.of(next(person.id for person in PEOPLE if person.role == "research"))

    def of(self, person: PersonId) -> Person:
        return self.world.person(next(one.login for one in PEOPLE if one.id == person))

    # telling

    def step(self, number: int, title: str) -> None:
        self.out.print(f"\n[bold]{number}. {escape(title)}[/]")

    def say(self, text: str) -> None:
        self.out.print(f"   {escape(text)}")

    def quote(self, who: str, text: str, *, lines: int = 12) -> None:
        """Somebody's own words, shortened."""
        said = text.strip().splitlines()
        self.out.print(f"   [cyan]{escape(who)}[/]")
        for line in said[:lines]:
            self.out.print(f"     {escape(line)}")
        if len(said) > lines:
            self.out.print(f"     [dim]… {len(said) - lines} more lines[/]")

    def claim(self, says: str, holds: bool) -> None:
        mark = "[green]✓[/]" if holds else "[bold red]✗ not so:[/]"
        self.out.print(f"   {mark} {escape(says)}")
        if not holds:
            self.not_held.append(says)

    # looking

    def proposal(self, household: HouseholdId, *, by: Person | None = None) -> Any:
        """The household's proposal as that person (the advisor) sees it."""
        return (by or self.advisor).get(f"/v1/proposals/{self.cases[household].proposal}")

    def reaches(self, household: HouseholdId, holds: Callable[[Mapping[str, Any]], bool], what: str) -> Any:
        """The household's proposal, once it is so. Raises WorldFailed where that does not come."""
        self.world.until(lambda: holds(self.proposal(household)), what, within=FIGURES_WITHIN)
        return self.proposal(household)

    def messages(self) -> list[Line]:
        """Every message about an order that a venue wrote down, all venues together."""
        return [line for venue in VENUES for line in self.world.ledger(venue) if line["kind"] == "message"]

    def quotes(self) -> list[tuple[str, str, Decimal]]:
        """Symbol, venue and best bid, as the worker keeps them. In this world they stand still."""
        with self.world.connection(GATE) as connection:
            rows = connection.execute(QUOTES).fetchall()
        return [(row["symbol"], row["venue"], row["bid"]) for row in rows]

    def count(self, question: str, asked: Mapping[str, Any]) -> int:
        """One number out of the record, read with the worker's login."""
        with self.world.connection(GATE) as connection:
            row = connection.execute(question, asked).fetchone()
        return int(next(iter(row.values()))) if row else 0
