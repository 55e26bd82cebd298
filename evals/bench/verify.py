"""How many entries a second an exported journal is verified at, by its own file; and one in the database.

Rule 1: subject is `verify.py` as it lies in a package of a million entries, a process of its own, on two
    cores: start, hashes, chain, tree, head. Baseline is the same on one core.
Rule 2: `detail.database` is what `audit verify` runs over a journal put in by COPY, beside a fetch of the
    same pages by the same driver with two bare hashes an entry: `ratio` is ours to that, in the same round.
Rule 3: what ten million take is extrapolated from these rates. `peak_mb` is of the largest process.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow, tuple_row

from core.clock import WallClock
from core.database.pools import connect_async
from core.ledger.chain import GENESIS, leaf_of, link, who_of
from core.ledger.heads import HeadsFile, Signer
from core.ledger.journal import SQL
from core.ledger.package import Line, Lines, appearing, seal, write_heads
from core.ledger.reading import PAGE
from core.ledger.tree import Frontier
from core.ledger.verify import verify
from evals.bench.harness import Bench, Round
from evals.bench.long_journal import LongJournal

ENTRIES: Final = 1_000_000
FEWER: Final = 100_000
IN_DATABASE: Final = 60_000
HOUSEHOLDS: Final = 200
TEN_MILLION: Final = 10_000_000
SEED: Final = "42" * 32
BEGUN_US: Final = 1_767_268_800_000_000
STATEMENT_WITHIN: Final = timedelta(minutes=1)
STREAM_HEADS: Final = (
    "insert into gatehouse.stream_head"
    " select stream, max(stream_version) from gatehouse.journal group by stream"
)


class VerifyBench:
    """Opened when made; `close` stops the server and removes its folders."""

    name = "verify"
    unit = "entries/s"

    def __init__(self, *, entries: int = ENTRIES, fewer: int = FEWER, in_database: int = IN_DATABASE) -> None:
        self._entries = entries
        self._clock = WallClock()
        self._folder = Path(tempfile.mkdtemp(prefix="gh-export-"))
        self._bytes = _package(self._folder / "many", entries)
        _package(self._folder / "fewer", fewer)
        self._peaks_mb = {
            str(count): self._verified(name, count, processes=1)[1]
            for name, count in (("fewer", fewer), ("many", entries))
        }
        self._journal = LongJournal(entries=in_database, households=HOUSEHOLDS)
        self._journal.superuser.execute(STREAM_HEADS)
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(
            connect_async(self._journal.witness, name="bench", statement_within=STATEMENT_WITHIN)
        )
        self._ours: list[float] = []
        self._bare: list[float] = []

    @property
    def event_bytes(self) -> int:
        """Mean length of an exported entry's text."""
        return self._bytes // self._entries

    @property
    def server_settings(self) -> Mapping[str, str]:
        return self._journal.server_settings

    def subject(self) -> Round:
        took_s, _ = self._verified("many", self._entries, processes=2)
        self._runner.run(self._in_database())
        figure = self._entries / took_s
        ratios = [ours / bare for ours, bare in zip(self._ours, self._bare, strict=True)]
        database = {
            "entries": self._journal.entries,
            "event_bytes": self._journal.event_bytes,
            "figure": median(self._ours),
            "baseline": median(self._bare),
            "baseline_is": "the same pages fetched, their texts hashed and chained, nothing compared",
            "ratio": median(ratios),
            "ratio_min": min(ratios),
            "ratio_max": max(ratios),
            "ten_million_s": TEN_MILLION / median(self._ours),
        }
        return Round(
            figure=figure,
            detail={
                "entries": self._entries,
                "processes": 2,
                "baseline": "the same package, one process",
                "peak_mb": self._peaks_mb,
                "ten_million_s": TEN_MILLION / figure,
                "ten_million": "extrapolated",
                "database": database,
            },
        )

    def baseline(self) -> Round:
        took_s, _ = self._verified("many", self._entries, processes=1)
        return Round(figure=self._entries / took_s)

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()
        self._journal.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _verified(self, name: str, entries: int, *, processes: int) -> tuple[float, float]:
        """Seconds, and the peak in MB, of one run of the package's own verifier."""
        words = ["-I", str(self._folder / name / "verify.py"), "--processes", str(processes), "--json"]
        begun = self._clock.monotonic_ns()
        with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE) as running:
            said = running.stdout.read() if running.stdout else b""
            _, status, used = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
        took_s = (self._clock.monotonic_ns() - begun) / 1e9
        told = json.loads(said)
        if running.returncode or told["entries"] != entries:
            raise AssertionError(f"the package does not hold: {told['faults'][:3]}")
        return took_s, used.ru_maxrss / 1024

    async def _in_database(self) -> None:
        begun = self._clock.monotonic_ns()
        found = await verify(self._connection, HeadsFile(self._folder / "no-heads"))
        done = self._clock.monotonic_ns()
        if found.faults or found.entries != self._journal.entries:
            raise AssertionError(f"the journal does not hold: {found.faults[:3]}")
        await _bare(self._connection)
        self._ours.append(self._journal.entries / ((done - begun) / 1e9))
        self._bare.append(self._journal.entries / ((self._clock.monotonic_ns() - done) / 1e9))


def bench() -> Bench:
    return VerifyBench()


async def _bare(connection: AsyncConnection[DictRow]) -> None:
    """Each page in turn, its texts hashed and chained, and nothing compared."""
    before, after = GENESIS, 0
    async with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        while True:
            await cursor.execute(SQL["chained_after"], {"after": after, "page": PAGE})
            page = await cursor.fetchall()
            if not page:
                return
            for row in page:
                before = sha256(before + sha256(row[4].encode()).digest()).digest()
            after = page[-1][0]


def _package(target: Path, entries: int) -> int:
    """A whole journal's package, with a signed head. Answers how many bytes its texts have."""
    signer = Signer(SEED)
    kept = HeadsFile(target.with_name(f"{target.name}-heads"))
    kept.keep_key(signer.public)
    tree, digest, total = Frontier(), GENESIS, 0
    who = who_of("gh_agent", "adv-1")
    with appearing(target) as folder:
        lines = Lines(folder)
        for seq, text in enumerate(_texts(entries), start=1):
            of_entry = leaf_of(seq, BEGUN_US + 40 * seq, who, text)
            digest = link(digest, of_entry)
            tree.add(of_entry)
            total += len(text)
            lines.add(Line(seq, BEGUN_US + 40 * seq, b"gh_agent", b"adv-1", digest.hex(), text))
        lines.close()
        signed_at = "2026-01-01T12:00:00.000000Z"
        head = signer.sign(seq=entries, digest=digest, root=tree.root(), signed_at=signed_at, next_key="")
        write_heads(folder, [head], kept)
        seal(folder, lines, head=head, selection={})
    return total


def _texts(count: int) -> Iterator[bytes]:
    """Envelopes of an agent's tool calls, of 480 to 680 bytes."""
    draw = random.Random(1)  # noqa: S311 - filling, not a secret
    filling = draw.randbytes(100_000).hex()
    for seq in range(1, count + 1):
        at = draw.randrange(100_000)
        yield (
            f'{{"event_id":"019b7a2c-0000-7000-8000-{seq:012x}","event_type":"ToolCalled","event_version":1'
            f',"mono_ns":"{seq * 40_000}","occurred_at":"2026-01-01T12:00:00.000000Z"'
            f',"payload":{{"agent":"portfolio","ask":{{"key":1,"sealed":"{filling[at : at + 10 + seq % 200]}"'
            f',"subject":"hh-101"}}'
            f',"call":"{seq:032x}","outcome":"answered","took_ms":{seq % 90},"tool":"holdings"}}'
            f',"policy_decisions":[],"stream":"thread/thr-{seq % 997:032x}","stream_version":{seq // 997 + 1}'
            f',"trace_id":"{seq % 997:032x}"}}'
        ).encode()
