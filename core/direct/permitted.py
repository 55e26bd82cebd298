"""Whether a person or a program may ask for an order in that household: what the policies say, for a moment.

Rule 1: every order asks: by hand, in a batch, by a signal. What was allowed to a person is remembered for a
    moment, so that many orders are not as many questions; a denial is asked again, and is an entry each time.
    What a program may ask follows from the names that stand in the question and from nothing else, and the
    policies are read once: the same question has the same answer for as long as the process runs.
Rule 2: it opens nothing: the append asks the database each time, and knows no policy.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.clock import Clock
from core.direct.askers import AT_MOST, REMEMBERED, Asker
from core.fact import PolicyDecision
from core.ids import HouseholdId, PersonId
from core.people.permitting import Permitting

Decisions = tuple[PolicyDecision, ...]
MOMENT: Final = REMEMBERED // timedelta(microseconds=1) * 1000  # nanoseconds


class Permitted:
    """One for each process that takes orders."""

    def __init__(self, permitting: Permitting, clock: Clock) -> None:
        self._permitting = permitting
        self._clock = clock
        self._known: dict[tuple[str, HouseholdId, PersonId], tuple[Decisions, int]] = {}
        self._of_programs: dict[tuple[PersonId, PersonId, HouseholdId, PersonId], Decisions] = {}

    async def draft(self, asker: Asker, household: HouseholdId, advisor: PersonId) -> Decisions:
        """What the draft carries. `advisor` is whose household it is.

        Raises:
            Refused: no policy allows it, or one forbids it; it is named.
        """
        if asker.machine:
            return await self._program_draft(asker, household, advisor)
        about = (asker.ticket, household, advisor)
        known, now = self._known.get(about), self._clock.monotonic_ns()
        if known is not None and known[1] > now:
            return known[0]
        said = await self._permitting.draft(asker.ticket, household)
        if len(self._known) >= AT_MOST:
            self._known.clear()
        self._known[about] = (said, now + MOMENT)
        return said

    async def _program_draft(self, asker: Asker, household: HouseholdId, advisor: PersonId) -> Decisions:
        question = (asker.who, asker.advisor, household, advisor)
        known = self._of_programs.get(question)
        if known is None:
            known = await self._permitting.program_draft(asker.ticket, *question)
            if len(self._of_programs) >= AT_MOST:
                self._of_programs.clear()
            self._of_programs[question] = known
        return known
