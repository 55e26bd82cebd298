"""A front that dies in the middle of an approval of tier 3: run as a program, by the test beside it.

Words: the approver's DSN, the keys' folder, ticket, proposal, digest, code, and where to die: `proven`
(after the proof, before the append), `recorded` (after the append, before anybody hears of it) or `nowhere`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from core.clock import WallClock
from core.database.pools import async_pool
from core.gate.approval import Approval
from core.ids import Digest, ProposalId
from core.ledger.journal import Journal
from core.people.keystore import KeyStore
from core.people.stepping_up import Proof
from core.settings import Secret


async def main(dsn: str, keys: str, ticket: str, proposal: str, digest: str, code: str, dies: str) -> None:
    clock = WallClock()
    async with async_pool(dsn, name="dying", most=2) as pool, Journal(pool, clock) as journal:
        door = Approval(pool, journal, KeyStore(Path(keys)), clock)
        proof = Proof("totp", Secret(code))
        if dies == "proven":
            await door.stepping_up.prove(ticket, f"proposal/{proposal}", digest, proof)
            os.kill(os.getpid(), signal.SIGKILL)
        recorded = await door.approve(ticket, ProposalId(proposal), Digest(digest), {}, proof)
        if dies == "recorded":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.stdout.write("repeated" if recorded.duplicate else "recorded")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
