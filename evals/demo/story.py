"""The story in its order, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from core.clock import WallClock
from core.database.logins import GATE
from core.firm.story import STORY
from evals.demo import attacking, deciding, talking
from evals.demo.breaks import SABOTAGES, Break, Moment, sabotage
from evals.demo.figures import Figure, Told, figures
from evals.demo.scene import Scene
from evals.world import VENUES, came, opened

SETTLES_WITHIN: Final = timedelta(seconds=30)
PROMPT_TO_FILL: Final = (
    "MessageReceived", "ProposalDrafted", "ToolCalled", "ProposalAssessed", "ProposalSubmitted",
    "ProposalApproved", "OrderReleased", "OrderRouted", "OrderSent", "OrderFilled",
)  # fmt: skip
AT_REST: Final = """
select coalesce((select as_of_seq from gatehouse.follower where name = 'book'), 0)
       >= (select seq from gatehouse.head)
   and not exists (select from gatehouse.leg where released_seq is not null and not ended)
   and (select count(*) from gatehouse.journal where event_type = 'OrderFilled') = %(executions)s as so
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`not_held` are the story's claims that did not hold."""

    figures: tuple[Figure, ...]
    not_held: tuple[str, ...]
    broken: Break | None

    @property
    def red(self) -> tuple[str, ...]:
        return tuple(figure.name for figure in self.figures if not figure.holds)

    @property
    def as_it_must_be(self) -> bool:
        return not self.red and not self.not_held


def run(out: Console, *, broken: Break | None, keep: bool) -> Outcome:
    """The whole story in a world of its own.

    Raises:
        WorldFailed: the world does not open, or the story cannot go on; nothing of it is the user's data.
    """
    begun_ns = WallClock().monotonic_ns()
    with opened(keep=keep, told=lambda line: out.print(f"[dim]{escape(line)}[/]")) as world:
        scene = Scene(world, out)
        _steps(scene, broken)
        seconds = round((WallClock().monotonic_ns() - begun_ns) / 1e9, 1)
        found = figures(scene, _told(scene), seconds=seconds)
        return Outcome(found, tuple(scene.not_held), broken)


def _steps(scene: Scene, broken: Break | None) -> None:
    talking.who_needs_me(scene)
    talking.research(scene)
    talking.rebalance(scene)
    deciding.decide(scene)
    deciding.trade(scene)
    deciding.say_no(scene)
    _break(scene, broken, Moment.BEFORE_ATTACK)
    attacking.attack(scene)
    _rests(scene)
    _break(scene, broken, Moment.AT_THE_END)
    _trace(scene)


def _break(scene: Scene, broken: Break | None, moment: Moment) -> None:
    if broken is not None and SABOTAGES[broken].moment is moment:
        scene.out.print(f"\n[bold yellow]sabotage:[/] {escape(SABOTAGES[broken].says)}")
        sabotage(scene.world, broken)


def _rests(scene: Scene) -> None:
    """Wait until nothing moves any more: no open order, every execution recorded and folded."""

    def so() -> bool:
        lines = (line for venue in VENUES for line in scene.world.ledger(venue))
        executions = sum(1 for line in lines if line["kind"] == "execution")
        with scene.world.connection(GATE) as connection:
            row = connection.execute(AT_REST, {"executions": executions}).fetchone()
        return row is not None and bool(row["so"])

    if not came(so, SETTLES_WITHIN):
        scene.claim("in the end every order has ended, and every execution is recorded and folded", False)


def _trace(scene: Scene) -> None:
    scene.step(8, "One proposal, from the prompt to the fill, by one trace id")
    found = scene.proposal(STORY.rebalance_discretionary)
    entries: Sequence[Mapping[str, Any]] = scene.advisor.get(f"/v1/audit/traces/{found['trace']}")
    first: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        first.setdefault(entry["event_type"], entry)
    scene.say(f"trace {found['trace']}: {len(entries)} entries")
    for kind in PROMPT_TO_FILL:
        if kind in first:
            scene.say(f"entry {first[kind]['seq']:>5}  {kind:<18} by {first[kind]['by']}")
    seqs = [first[kind]["seq"] for kind in PROMPT_TO_FILL if kind in first]
    scene.claim("prompt, tools, figures, decisions, release, route and fill are there, in that order",
                len(seqs) == len(PROMPT_TO_FILL) and seqs == sorted(seqs))  # fmt: skip


def _told(scene: Scene) -> Told:
    """What the story did. The undecided proposal is drafted and submitted, and approved by nobody."""
    sent = (STORY.rebalance_discretionary, STORY.rebalance_non_discretionary)
    orders = sum(len(scene.proposal(household)["orders"]) for household in sent)
    return Told(
        drafted=len(scene.cases),
        submitted=len(scene.cases),
        approved=3,
        consents=scene.consents,
        orders=orders,
    )
