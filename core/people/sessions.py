"""Signing in: a password becomes a proof here, and the database compares it. Nobody else can.

Rule 1: the database holds sha256(proof); the proof is Argon2id(password, salt) and never stored.
Rule 2: a ticket is 32 random bytes; the database holds its hash.
Rule 3: a wrong login and a wrong password look and cost the same.
Source: Argon2id parameters, RFC 9106 section 4, second recommended option (64 MiB, 3 passes, 4 lanes).
"""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import uuid4

from argon2.low_level import Type, hash_secret_raw
from psycopg import Connection
from psycopg.rows import DictRow

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.errors import BadInput, NotFound, NotPermitted, SignInRequired
from core.fact import Entry
from core.ids import PersonId, ThreadId, fresh_trace_id
from core.ledger.journal import Journal
from core.people.asker import SQL
from core.people.events import SessionOpened

PASSWORD_AT_MOST: Final = 256  # characters
_one_at_a_time = asyncio.Semaphore(2)  # each proof takes 64 MiB for a moment


@dataclass(frozen=True, slots=True)
class Session:
    ticket: str
    person: PersonId
    expires_at: datetime


def proof_of(password: str, salt: bytes) -> bytes:
    """What only the password yields. About 0.1 s and 64 MiB, on purpose."""
    return hash_secret_raw(
        password.encode(), salt, time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, type=Type.ID
    )


async def proved(password: str, salt: bytes) -> bytes:
    """The same beside the loop, and never for everybody at once."""
    async with _one_at_a_time:
        return await asyncio.to_thread(proof_of, password, salt)


def set_password(owner: Connection[DictRow], login: str) -> str:
    """Give that person a new random password, end her sessions, and answer the password.

    Raises:
        NotFound: nobody has that login.
    """
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    salt = os.urandom(16)
    verifier = sha256(proof_of(password, salt)).digest()
    found = owner.execute(
        SQL["set_credential"], {"login": login, "salt": salt, "verifier": verifier}
    ).fetchone()
    if found is None:
        raise NotFound(f"nobody has the login {login!r}", fix="see `gatehouse people list`", field="login")
    owner.execute(SQL["end_sessions"], {"person": found["person"]})
    return password


async def sign_in(pool: AsyncPool, journal: Journal, clock: Clock, login: str, password: str) -> Session:
    """A new session.

    Raises:
        SignInRequired: wrong login or password; the two are not told apart.
        NotPermitted: ten wrong tries within a quarter of an hour.
        BadInput: the password is longer than 256 characters.
    """
    if len(password) > PASSWORD_AT_MOST or "\x00" in login:
        raise BadInput("that password is too long", fix="use at most 256 characters", field="password")
    async with lend(pool) as connection:
        row = await one(connection, SQL["sign_in_salt"], {"login": login})
    proof = await proved(password, row["salt"])
    ticket = secrets.token_urlsafe(32)
    asked = {"login": login, "proof": proof, "session": uuid4(), "ticket_hash": ticket_hash(ticket)}
    async with lend(pool) as connection:
        row = await one(connection, SQL["open_session"], asked)
    if row["refused"] == "too_many":
        raise NotPermitted("too many wrong passwords", fix="wait a quarter of an hour", field="password")
    if row["person"] is None:
        raise SignInRequired("login or password is wrong", fix="try again", field="password")
    person = PersonId(row["person"])
    await journal.record(
        Entry(f"person/{person}", SessionOpened(person=person), fresh_trace_id(clock), ticket=ticket)
    )
    return Session(ticket, person, row["expires_at"])


async def thread_ticket(pool: AsyncPool, ticket: str, thread: ThreadId) -> str:
    """A ticket for the copilot: that person, that thread, for half an hour at most.

    Raises:
        SignInRequired: the session has ended, or the thread is not that person's.
    """
    fresh = secrets.token_urlsafe(32)
    asked = {"ticket": ticket, "thread": thread, "session": uuid4(), "ticket_hash": ticket_hash(fresh)}
    async with lend(pool) as connection:
        row = await one(connection, SQL["open_thread_session"], asked)
    if row["expires_at"] is None:
        raise SignInRequired("your session has ended, or the conversation is not yours", fix="sign in again")
    return fresh


async def sign_out(pool: AsyncPool, ticket: str) -> None:
    """End this session and every copilot's ticket under it."""
    async with lend(pool) as connection:
        await connection.execute(SQL["close_session"], {"ticket": ticket})


def ticket_hash(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
