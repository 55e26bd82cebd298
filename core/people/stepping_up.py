"""Stepping up: proving once more who one is, for one decision; and the authenticators that this is done with.

Rule 1: nothing is compared here. A code, or what only the password yields, goes to an owner's function of the
    database, which opens a proof for that person and that decision; the append of the decision takes it.
Rule 2: a wrong one is offered to the append all the same: the refusal is an entry.
Rule 3: secrets, codes and passwords are in no entry, log, message or representation.
"""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from core.clock import Clock
from core.database.pools import AsyncPool, lend
from core.database.rows import one
from core.database.statements import statements
from core.errors import BadInput, NotPermitted, Refused, SignInRequired
from core.fact import Entry
from core.ids import PersonId, fresh_trace_id
from core.ledger.envelope import Recorded
from core.ledger.journal import Journal
from core.people.asker import SQL as PEOPLE
from core.people.asker import asking
from core.people.events import AuthenticatorEnrolled, AuthenticatorRemoved
from core.people.sessions import PASSWORD_AT_MOST, proved
from core.settings import Secret

SQL: Final = statements(Path(__file__).with_name("stepping_up.sql"))
ISSUER: Final = "Gatehouse"
CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)

Method = Literal["totp", "password"]


@dataclass(frozen=True, slots=True)
class Proof:
    """A code of an authenticator, or the password. Exactly one."""

    method: Method
    secret: Secret


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret for an authenticator, as the address that one reads: shown once."""

    uri: Secret


class SteppingUp:
    """One for each process that serves people."""

    def __init__(self, pool: AsyncPool, journal: Journal, clock: Clock) -> None:
        self._pool = pool
        self._journal = journal
        self._clock = clock

    async def enrolled(self, ticket: str) -> bool:
        """Whether whoever asks has an authenticator."""
        return bool((await self._asks(ticket))["enrolled"])

    async def offer(self, ticket: str, password: Secret) -> Offer:
        """A new secret, for whoever knows the password. It counts once a code of it was proven.

        Raises:
            NotPermitted: the password is wrong, or too many were.
            Refused: there is an authenticator already.
        """
        proof = await self._proof(ticket, password)
        async with lend(self._pool) as connection:
            row = await one(connection, SQL["offer"], {"ticket": ticket, "proof": proof})
        match row["refused"]:
            case None:
                return Offer(Secret(_uri((await self._me(ticket))["login"], row["secret"])))
            case "wrong":
                raise NotPermitted("the password is wrong", fix="try again", field="password")
            case "enrolled":
                raise Refused(
                    "authenticator_enrolled",
                    "you have an authenticator already",
                    fix="remove it first, with a code of it",
                )
            case other:
                raise _stopped(other)

    async def enrol(self, ticket: str, code: Secret) -> Recorded:
        """The first code proves that the authenticator has the secret: from now on it is asked for.

        Raises:
            Refused: the code is wrong, or nothing was offered in the last ten minutes.
        """
        person = await self._person(ticket)
        await self.prove(ticket, "authenticator/enrol", "", Proof("totp", code))
        return await self._record(ticket, person, AuthenticatorEnrolled(person=person))

    async def remove(self, ticket: str, code: Secret) -> Recorded:
        """One's own, with a code of it.

        Raises:
            Refused: the code is wrong, or there is no authenticator.
        """
        person = await self._person(ticket)
        await self.prove(ticket, "authenticator/remove", "", Proof("totp", code))
        return await self._record(ticket, person, AuthenticatorRemoved(person=person))

    async def prove(self, ticket: str, about: str, digest: str, proof: Proof) -> Method:
        """Open a proof for a decision on that stream and digest, for two minutes; or a failed one, which the
        append refuses.

        Raises:
            BadInput: no code, a code without an authenticator, or the password where there is one.
            Refused: too many were wrong.
        """
        asked: dict[str, Any] = {
            "ticket": ticket,
            "about": about,
            "digest": digest,
            "proof": None,
            "code": None,
        }
        if proof.method == "totp":
            asked["code"] = proof.secret.reveal().replace(" ", "")
            if not CODE.fullmatch(asked["code"]):
                raise BadInput("a code has six digits", fix="send the code that you see now", field="step_up")
        else:
            asked["proof"] = await self._proof(ticket, proof.secret)
        async with lend(self._pool) as connection:
            said = (await one(connection, SQL["step_up"], asked))["said"]
        if said not in ("right", "wrong"):
            raise _stopped(said)
        return proof.method

    async def _proof(self, ticket: str, password: Secret) -> bytes:
        if not 0 < len(password.reveal()) <= PASSWORD_AT_MOST:
            raise BadInput(
                f"a password has 1 to {PASSWORD_AT_MOST} characters", fix="type yours", field="password"
            )
        salt = (await self._asks(ticket))["salt"]
        return await proved(password.reveal(), salt or b"\x00" * 16)

    async def _asks(self, ticket: str) -> Any:
        if "\x00" in ticket:
            raise _stopped("session_ended")
        async with lend(self._pool) as connection:
            row = await one(connection, SQL["asks"], {"ticket": ticket})
        if row["enrolled"] is None:
            raise _stopped("session_ended")
        return row

    async def _me(self, ticket: str) -> Any:
        async with asking(self._pool, ticket) as connection:
            return await one(connection, PEOPLE["whoami"])

    async def _person(self, ticket: str) -> PersonId:
        return PersonId((await self._me(ticket))["person"])

    async def _record(
        self, ticket: str, person: PersonId, fact: AuthenticatorEnrolled | AuthenticatorRemoved
    ) -> Recorded:
        entry = Entry(f"person/{person}", fact, fresh_trace_id(self._clock), ticket=ticket)
        return (await self._journal.record(entry))[0]


def _uri(login: str, secret: bytes) -> str:
    """What authenticators read: the key URI format, with the defaults of RFC 6238 spelt out."""
    words = {
        "secret": b32encode(secret).decode().rstrip("="),
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
    return f"otpauth://totp/{ISSUER}:{quote(login)}?{urlencode(words)}"


def _stopped(said: str) -> SignInRequired | Refused | BadInput:
    match said:
        case "too_many":
            return Refused(
                "too_many", "too many wrong codes or passwords", fix="wait three minutes, then try once"
            )
        case "code_needed":
            return BadInput(
                "you have an authenticator: the password does not do",
                fix="send the code that it shows",
                field="step_up",
            )
        case "not_enrolled":
            return BadInput(
                "you have no authenticator, or none was offered to you just now",
                fix="send your password, or enrol one",
                field="step_up",
            )
    return SignInRequired("your session has ended", fix="sign in again")
