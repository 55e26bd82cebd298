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
from core.direct.signals import drafting_key, signing_secret
from core.errors import BadInput
from core.fact import Entry
from core.ids import AccountId, Digest, PersonId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.events import MachineAdmitted, MachineDismissed
from core.people.keystore import KeyStore
from core.signals.events import SignalsSwitched, StrategyAdmitted

NAME: Final = re.compile(r"mch-[a-z0-9-]{1,40}", re.ASCII)


class Machines:
    """One for each process that serves people."""

    def __init__(self, journal: Journal, keys: KeyStore, clock: Clock) -> None:
        self._journal = journal
        self._keys = keys
        self._clock = clock

    async def admit(self, ticket: str, machine: str, advisor: PersonId, *, days: int) -> str:
        """The key of a new program. It is good for so many days, and for drafts in that advisor's book alone.

        Raises:
            BadInput: the name is none, or the days are not 1 to 400.
            Refused: not operations, no such advisor, or the name is taken.
        """
        _refuse_unusable(machine, days)
        key = KEY_BEGINS + secrets.token_urlsafe(32)
        digest = Digest(sha256(key.encode()).hexdigest())
        fact = MachineAdmitted(machine=machine, advisor=advisor, key_hash=digest, days=days)
        await self._journal.record(
            Entry(f"machine/{machine}", fact, fresh_trace_id(self._clock), ticket=ticket)
        )
        return key

    async def admit_strategy(self, ticket: str, machine: str, advisor: PersonId, *, days: int) -> str:
        """The secret that a new strategy's sender signs with. It drafts nothing until its advisor switches an
        account on.

        Raises:
            BadInput, Refused: as `admit`.
        """
        _refuse_unusable(machine, days)
        digest = Digest(sha256(drafting_key(self._keys, machine).encode()).hexdigest())
        fact = StrategyAdmitted(machine=machine, advisor=advisor, key_hash=digest, days=days)
        await self._journal.record(
            Entry(f"machine/{machine}", fact, fresh_trace_id(self._clock), ticket=ticket)
        )
        return signing_secret(self._keys, machine)

    async def switch(self, ticket: str, machine: str, account: AccountId, *, on: bool) -> Recorded:
        """The account's advisor lets a strategy's signals draft in it, or no longer.

        Raises:
            BadInput: the name is none.
            Refused: not the strategy's advisor, not her account, or no strategy.
        """
        _refuse_unusable(machine, 1)
        fact = SignalsSwitched(machine=machine, account=account, on=on)
        entry = Entry(f"machine/{machine}", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]

    async def dismiss(self, ticket: str, machine: str) -> Recorded:
        """Its key is good no more; what it drafted stays.

        Raises:
            BadInput: the name is none.
            Refused: not operations, no such program, or dismissed before.
        """
        _refuse_unusable(machine, 1)
        fact = MachineDismissed(machine=machine)
        entry = Entry(f"machine/{machine}", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]


def _refuse_unusable(machine: str, days: int) -> None:
    if not NAME.fullmatch(machine):
        raise BadInput("that is no name of a program", fix="write it like mch-rebalancer", field="machine")
    if not 1 <= days <= 400:
        raise BadInput("a key is good for 1 to 400 days", fix="ask for fewer", field="days")
