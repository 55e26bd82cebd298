"""Programs that may place orders: operations admits one for one advisor's book, and dismisses it.

Rule 1: the key is made here, answered once and kept nowhere; the record holds its hash.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import Final

from core.clock import Clock
from core.direct.askers import KEY_BEGINS
from core.errors import BadInput
from core.fact import Entry
from core.ids import Digest, PersonId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.events import MachineAdmitted, MachineDismissed

NAME: Final = re.compile(r"mch-[a-z0-9-]{1,40}", re.ASCII)


class Machines:
    """One for each process that serves people."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    async def admit(self, ticket: str, machine: str, advisor: PersonId, *, days: int) -> str:
        """The key of a new program. It is good for so many days, and for drafts in that advisor's book alone.

        Raises:
            BadInput: the name is none, or the days are not 1 to 400.
            Refused: not operations, no such advisor, or the name is taken.
        """
        if not NAME.fullmatch(machine):
            raise BadInput(
                "that is no name for a program", fix="write it like mch-rebalancer", field="machine"
            )
        if not 1 <= days <= 400:
            raise BadInput("a key is good for 1 to 400 days", fix="ask for fewer", field="days")
        key = KEY_BEGINS + secrets.token_urlsafe(32)
        digest = Digest(sha256(key.encode()).hexdigest())
        fact = MachineAdmitted(machine=machine, advisor=advisor, key_hash=digest, days=days)
        await self._journal.record(
            Entry(f"machine/{machine}", fact, fresh_trace_id(self._clock), ticket=ticket)
        )
        return key

    async def dismiss(self, ticket: str, machine: str) -> Recorded:
        """Its key is good no more; what it drafted stays.

        Raises:
            BadInput: the name is none.
            Refused: not operations, no such program, or dismissed before.
        """
        if not NAME.fullmatch(machine):
            raise BadInput(
                "that is no name of a program", fix="write it like mch-rebalancer", field="machine"
            )
        fact = MachineDismissed(machine=machine)
        entry = Entry(f"machine/{machine}", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]
