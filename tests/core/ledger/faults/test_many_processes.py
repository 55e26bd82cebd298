"""Several processes at once, some with the same login, stopped and killed at random.

Whoever is killed had heard some answers: those are true. Whatever else it asked happened whole or not at all.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.core.ledger.faults.callers import LOGIN, Told, every_answer_was_true, names
from tests.core.ledger.faults.own import OwnServer
from tests.fixtures.firm import Firm
from tests.fixtures.processes import until
from tests.fixtures.servers import ROOT

# Copies of a login share their streams and their callers' keys: only one of them can be first.
VOICES: Final = ("agent", "agent", "intake", "gate", "gate", "owner")
ROUNDS: Final = [1, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(1200)])]


class Talking:
    """One process, and all that its callers heard. Begun again, it says the same words with the same keys."""

    def __init__(self, firm: Firm, voice: str, thread: str, log: Path, copy: int) -> None:
        database = firm.database
        ticket = {"agent": firm.thread_ticket(LOGIN, thread), "intake": firm.ticket(LOGIN)}.get(voice, "")
        callers = [f"{name}-{voice}" for name in names(keyed=3, bare=0)]
        callers += [f"{name}-{voice}-{copy}" for name in names(keyed=0, bare=3)]
        self._words = [voice, database.of(f"gh_{voice}"), thread, ticket, *callers]
        self._log = log
        self._lives = 0
        self.begin()

    def begin(self) -> None:
        """A new life. What it has no key for, it names anew."""
        self._lives += 1
        callers = [w if w.startswith("keyed") else f"{w}-{self._lives}" for w in self._words[4:]]
        command = [sys.executable, "-m", "tests.core.ledger.faults.talking", *self._words[:4], *callers]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log)

    def send(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def heard(self) -> Told:
        """A torn last line is no answer."""
        told = Told()
        for line in self._log.read_text().splitlines(keepends=True):
            if line.endswith("]\n") and line.startswith("["):
                told.take(*json.loads(line))
        # What one copy was refused under a key, another copy or a later life may have done.
        told.nothing = {word for word in told.nothing if not word.startswith("keyed")}
        return told


@contextmanager
def talking(firm: Firm, folder: Path) -> Iterator[list[Talking]]:
    # The crowd's words are no trades and no people: what is tried is the append, and no law about those.
    lawless = "update gatehouse.event_kind set law = null where event_type = any (%s) returning event_type"
    assert len(firm.ask("superuser", lawless, ["TradeConfirmed", "SessionOpened"])) == 2
    thread = firm.thread(LOGIN)
    with ExitStack() as stack:
        crowd = []
        for copy, voice in enumerate(VOICES):
            one = Talking(firm, voice, thread, folder / f"{copy}.log", copy)
            stack.callback(one.kill)
            crowd.append(one)
        yield crowd


def grows(one: Talking, by: int) -> None:
    """Until its callers heard so many more answers."""
    before = len(one.heard().recorded)
    until(lambda: len(one.heard().recorded), lambda now: now >= before + by, within=60)


@pytest.mark.anyio
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_the_record_is_one_legal_sequence_and_every_answer_true(
    own: OwnServer, tmp_path: Path, rounds: int
) -> None:
    draw = random.Random(rounds)
    with talking(own.firm, tmp_path) as crowd:
        for one in crowd:
            grows(one, 10)
        for _ in range(rounds):
            victim, sleeper = draw.sample(crowd, 2)
            sleeper.send(signal.SIGSTOP)
            victim.kill()
            for other in crowd:
                if other not in (victim, sleeper):
                    grows(other, 5)
            sleeper.send(signal.SIGCONT)
            victim.begin()
            own.kill()
            for one in crowd:
                grows(one, 5)
        for one in crowd:
            one.kill()
    own.start_again()
    await every_answer_was_true(own.firm, *(one.heard() for one in crowd))
