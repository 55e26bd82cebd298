"""Large bodies beside the journal: an entry names them by digest, and each is kept once for its subject.

Rule 1: the digest is of the sealed bytes. Anybody can compare it without a key, and when the key is gone it
    says nothing of the words: nobody can try guesses against it.
Rule 2: the same words for the same subject seal to the same bytes (`core.people.keystore`), and so are kept
    once. A new version of the key begins anew.
Rule 3: a body is never changed, and goes only with its subject. An entry that names one that is not there is
    refused by the append.
Rule 4: short words stay in their entry: a reference would be as long.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import AsyncPool, lend
from core.database.rows import one, rows
from core.database.statements import statements
from core.errors import IntegrityLost, NotFound, Refused
from core.fact import Kept, Sealed, Words
from core.ids import Digest
from core.ledger.refusals import in_words

SQL: Final = statements(Path(__file__).with_name("bodies.sql"))
INLINE: Final = 512  # characters of base64
AT_ONCE: Final = 64  # bodies in one statement


def worded(sealed: Sealed) -> Words:
    """What an entry carries of these words: themselves, or the name of the body that holds them."""
    if len(sealed.sealed) <= INLINE:
        return Words(sealed=sealed)
    raw = base64.b64decode(sealed.sealed, validate=True)
    return Words(kept=Kept(subject=sealed.subject, key=sealed.key, digest=_digest(raw), length=len(raw)))


async def keep(pool: AsyncPool, ticket: str, sealed: Sequence[Sealed]) -> tuple[Words, ...]:
    """What entries carry of these words, in order. Large ones are kept, each once, before it answers.

    Raises:
        Refused: the session has ended, a subject is outside its book or forgotten, or it is too much. Those
            before may have been kept: nothing names them.
        WorldFailed: the database did not answer.
    """
    found = tuple(worded(one) for one in sealed)
    large = [one for one, words in zip(sealed, found, strict=True) if words.kept is not None]
    if large:
        await _keep(pool, ticket, large)
    return found


async def _keep(pool: AsyncPool, ticket: str, large: Sequence[Sealed]) -> None:
    async with lend(pool) as connection:
        for subject, group in groupby(sorted(large, key=_subject), key=_subject):
            mine = tuple(group)
            for start in range(0, len(mine), AT_ONCE):
                some = mine[start : start + AT_ONCE]
                asked = {
                    "ticket": ticket,
                    "subject": subject,
                    "keys": [s.key for s in some],
                    "bodies": [base64.b64decode(s.sealed, validate=True) for s in some],
                }
                row = await one(connection, SQL["keep"], asked)
                if row["code"] is not None:
                    says, fix = in_words(row["code"])
                    raise Refused(row["code"], says, fix=fix)


async def body(connection: AsyncConnection[DictRow], kept: Kept) -> Sealed:
    """The body that an entry names, still sealed.

    Raises:
        NotFound: it is not in the asker's book, or its subject was forgotten.
        IntegrityLost: what is there is not what the entry names.
    """
    found = await rows(connection, SQL["body"], {"subject": kept.subject, "digest": kept.digest})
    if not found:
        raise NotFound("there is no such body in your book", fix="its subject may have been forgotten")
    raw = bytes(found[0]["sealed"])
    if (found[0]["key"], _digest(raw), len(raw)) != (kept.key, kept.digest, kept.length):
        raise IntegrityLost(
            f"body {kept.digest} of {kept.subject!r} was changed", fix="run `gatehouse audit bodies`"
        )
    return Sealed(subject=kept.subject, key=kept.key, sealed=base64.b64encode(raw).decode())


def _digest(raw: bytes) -> Digest:
    return Digest(sha256(raw).hexdigest())


def _subject(sealed: Sealed) -> str:
    return sealed.subject
