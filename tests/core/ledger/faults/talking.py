"""A process of callers, which may be killed or stopped at any moment.

`python -m tests.core.ledger.faults.talking VOICE DSN THREAD TICKET CALLER...` talks until it is ended. Each
answer is a line of JSON, `[word, sequence or what was raised]`, flushed before the next call of that caller.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.core.ledger.faults.callers import Voice, agent, gate, intake, owner


def voice_of(name: str, dsn: str, thread: str, ticket: str) -> Voice:
    return {
        "agent": lambda: agent(dsn, thread, ticket),
        "intake": lambda: intake(dsn, ticket),
        "gate": lambda: gate(dsn),
        "owner": lambda: owner(dsn),
    }[name]()


def tell(word: str, said: int | str) -> None:
    sys.stdout.write(json.dumps([word, said]) + "\n")
    sys.stdout.flush()


async def main(voice: Voice, callers: list[str]) -> None:
    voice.heard = tell
    async with voice.journal() as journal:
        await asyncio.gather(*(voice.talk(journal, caller) for caller in callers))


if __name__ == "__main__":
    name, dsn, thread, ticket, *callers = sys.argv[1:]
    asyncio.run(main(voice_of(name, dsn, thread, ticket), callers))
