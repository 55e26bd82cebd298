"""A library of 100,000 passages and four people who see 100, 50, 10 and 1 % of it: what `bench search` asks.

Rule 1: vectors lie to each other as those of real text do: this product's own embeddings of sentences of
    filings, each moved a little along the way from one other sentence to another. They are synthetic; how
    they were held against real ones is in docs/decisions/0094.
Rule 2: who sees what is the product's own permission: documents of the class `named`, read through the login
    of the copilot with a ticket of each person.
Rule 3: rows go in by COPY, and the index is built once over all of them, with memory for it.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import secrets
import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.clock import WallClock
from core.database.bootstrap import bootstrap
from core.database.embedded import open_cluster
from core.database.logins import OWNER
from core.database.migrate import found, migrate
from core.database.pools import connect
from core.database.statements import statements
from core.errors import NotFound
from tools.library.embed import DIMENSIONS, MODEL, MiniLm

ROOT: Final = Path(__file__).resolve().parents[2]
SQL: Final = statements(Path(__file__).with_name("search_world.sql"))
LEVELS: Final = {100: 1, 50: 2, 10: 10, 1: 100}  # percent that the person sees, and every how many documents
EACH: Final = 100  # passages of a document
FILINGS: Final = ROOT.parent / "shared" / "data" / "filings" / "text.jsonl.gz"
SENTENCES: Final = 2_000  # embedded for real
ENDS: Final = re.compile(r"(?<=[.;])\s+|\n+")
LETTERS: Final = range(40, 401)  # of a sentence: what is shorter says little, what is longer is a table
MOVED: Final = 0.35  # how far, of the way between two others
SEED: Final = 20221229
AT_ONCE: Final = 5_000
MEMORY: Final = "512MB"
ALL: Final = "9223372036854775807"


class SearchWorld:
    """Opened when made; `close` stops the server and removes its folder."""

    def __init__(self, *, passages: int, sentences: int = SENTENCES) -> None:
        self.clock = WallClock()
        self.passages = passages
        self.embedder = MiniLm()
        self._home = Path(tempfile.mkdtemp(prefix="gh-"))
        self._home.chmod(0o711)  # the server's own user enters
        self._cluster = open_cluster(self._home)
        admin = self._cluster.superuser_dsn("gatehouse")
        self.logins = bootstrap(admin, kept=None, new_passwords=True, whole_server=True)
        migrate(self.logins.dsn(OWNER), found(ROOT))
        self.superuser = connect(admin, name="bench")
        self.superuser.execute("set statement_timeout = 0")
        self.tickets = self._people()
        begun = self.clock.monotonic_ns()
        self._fill(sentences)
        self.fill_s = self._since(begun)
        begun = self.clock.monotonic_ns()
        self._index()
        self.build_s = self._since(begun)

    def setting(self, name: str) -> str:
        row = self.superuser.execute("select current_setting(%s) as value", [name]).fetchone()
        return str(row["value"]) if row else ""

    def within(self, percent: int) -> Sequence[str]:
        """The documents that this level's person may read."""
        rows = self.superuser.execute(SQL["within"].encode(), {"person": person(percent)}).fetchall()
        return [row["document"] for row in rows]

    def close(self) -> None:
        self.superuser.close()
        self._cluster.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _since(self, begun_ns: int) -> float:
        return round((self.clock.monotonic_ns() - begun_ns) / 1e9, 1)

    def _people(self) -> dict[int, str]:
        people = [person(percent) for percent in LEVELS]
        self._do("people", people=["librarian", *people])
        self._do("threads", people=people)
        tickets = {percent: secrets.token_urlsafe(32) for percent in LEVELS}
        for percent, ticket in tickets.items():
            hashed = sha256(ticket.encode()).digest()
            self._do("session", ticket_hash=hashed, person=person(percent))
        return tickets

    def _fill(self, sentences: int) -> None:
        self._near = str(self._value("index_source"))
        self._do("drop_index")
        self.superuser.execute("set session_replication_role = replica")  # no trigger a row
        documents = self.passages // EACH
        people = [person(percent) for percent in LEVELS]
        self._do("documents", people=people, steps=[*LEVELS.values()], documents=documents, each=EACH)
        self._do("passages", documents=documents, each=EACH)
        first = int(self._value("first_passage"))
        copied = "copy copilot.embedding (passage, vector, model, document) from stdin (format binary)"
        with self.superuser.cursor().copy(copied) as into:
            into.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0))
            for rows in _copied(first, _vectors(self._sentences(sentences), self.passages)):
                into.write(rows)
            into.write(struct.pack(">h", -1))
        self.superuser.execute("set session_replication_role = origin")

    def _sentences(self, most: int) -> Any:
        return np.array(self.embedder.embed(sentences(most)), dtype=np.float32)

    def _index(self) -> None:
        self.superuser.execute(f"set maintenance_work_mem = '{MEMORY}'".encode())
        self.superuser.execute(self._near.encode())
        for table in ("copilot.embedding", "gatehouse.passage", "gatehouse.document"):
            self.superuser.execute(f"vacuum analyze {table}".encode())
        source = str(self._value("exact_source"))
        exact = source.replace("library_nearest", "library_exact", 1).replace(":= 2000", f":= {ALL}", 1)
        if exact.count(ALL) != 1:
            raise AssertionError("the product's own search could not be made an exact one")
        self.superuser.execute(exact.encode())
        asked = str(self._value("search_source")).replace("library_search", "exact_search")
        self.superuser.execute(asked.replace("library_nearest", "library_exact").encode())
        self.superuser.execute(
            "grant execute on function gatehouse.exact_search(text, text, integer, date) to gh_agent"
        )

    def _value(self, name: str) -> Any:
        row = self.superuser.execute(SQL[name].encode()).fetchone()
        return None if row is None else next(iter(row.values()))

    def _do(self, name: str, **asked: Any) -> None:
        self.superuser.execute(SQL[name].encode(), asked or None)


def person(percent: int) -> str:
    return f"adv-{percent}"


def sentences(most: int, filings: Path = FILINGS) -> list[str]:
    """Different sentences of the filings, drawn.

    Raises:
        NotFound: the filings are not there.
    """
    if not filings.is_file():
        raise NotFound(f"there are no filings in {filings}", fix="put the shared data beside the project")
    with gzip.open(filings, "rt", encoding="utf-8") as lines:
        texts = [part.strip() for line in lines for part in ENDS.split(json.loads(line)["text"])]
    found = sorted({text for text in texts if len(text) in LETTERS})
    return random.Random(SEED).sample(found, min(most, len(found)))  # noqa: S311 - drawn, not secret


def _vectors(real: Any, count: int) -> Iterator[Any]:
    """`count` vectors of length one: a real one, moved along the way from a second to a third."""
    draw = np.random.default_rng(SEED)
    for begin in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - begin)
        one, second, third = (real[draw.integers(0, len(real), size)] for _ in range(3))
        moved = one + np.float32(MOVED) * (third - second)
        yield moved / np.linalg.norm(moved, axis=1, keepdims=True)


def _copied(first: int, chunks: Iterator[Any]) -> Iterator[bytes]:
    """Rows as binary COPY reads them. A vector: dimensions, two bytes unused, then its numbers."""
    model, passage = MODEL.encode(), first
    for chunk in chunks:
        rows = bytearray()
        for vector in chunk.astype(">f4"):
            document = f"doc-{(passage - first) // EACH:024d}".encode()
            body = struct.pack(">hh", DIMENSIONS, 0) + vector.tobytes()
            rows += struct.pack(">hiq", 4, 8, passage)
            for field in (body, model, document):
                rows += struct.pack(">i", len(field)) + field
            passage += 1
        yield bytes(rows)
