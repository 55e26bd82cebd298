"""How the copilot asks `front` for words: clear text of its ticket's book, and seals for what it keeps.

Rule 1: the copilot holds no subject's key. The ticket decides what is opened, there and not here.
Rule 2: loopback only, with the shared secret, each call with its timeout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import httpx
from pydantic import ValidationError

from core.errors import NotFound, SignInRequired, WorldFailed
from core.fact import Sealed
from core.ids import SubjectId
from core.plain_http import trusted_for
from core.settings import Secret
from ui.api.relay import SECRET_HEADER

ANSWERS_WITHIN: Final = timedelta(seconds=10)
AT_ONCE: Final = 500  # sealed words in one request


class FrontLine:
    """One connection pool to `front`. Open for the life of the process."""

    def __init__(self, url: str, secret: Secret) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=ANSWERS_WITHIN.total_seconds(),
            trust_env=False,
            verify=trusted_for(url),
            headers={SECRET_HEADER: secret.reveal()},
        )

    async def close(self) -> None:
        await self._http.aclose()

    def words(self, ticket: str) -> Words:
        """The words that this ticket may open and seal."""
        return Words(self, ticket)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            SignInRequired: the session has ended.
            NotFound: outside the book.
            WorldFailed: `front` does not answer, or not what was agreed.
        """
        try:
            answer = await self._http.post(path, json=dict(body))
        except httpx.HTTPError as bad:
            raise _failed(type(bad).__name__) from bad
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise SignInRequired("your session has ended", fix="sign in again")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound("some of these words are not in your book", fix="ask for your own clients")
        if answer.status_code != httpx.codes.OK:
            raise _failed(f"status {answer.status_code}")
        try:
            told = answer.json()
        except ValueError as bad:
            raise _failed("no JSON") from bad
        if not isinstance(told, dict):
            raise _failed("no JSON object")
        return told


class Words:
    """`tools.contract.Sealer`, by one ticket."""

    def __init__(self, line: FrontLine, ticket: str) -> None:
        self._line = line
        self._ticket = ticket

    async def clear(self, field: str, sealed: Sequence[Sealed]) -> tuple[str, ...]:
        """The words in clear, in order."""
        found: list[str] = []
        for start in range(0, len(sealed), AT_ONCE):
            part = [one.model_dump(mode="json") for one in sealed[start : start + AT_ONCE]]
            body = {"ticket": self._ticket, "field": field, "sealed": part}
            told = (await self._line.post("/internal/clear", body)).get("clear")
            if not isinstance(told, list) or len(told) != len(part):
                raise _failed("another number of words")
            found.extend(str(word) for word in told)
        return tuple(found)

    async def seal(self, subject: SubjectId, words: Sequence[tuple[str, str]]) -> tuple[Sealed, ...]:
        """Texts, each with its field, sealed for a subject of the ticket's book: one request for all."""
        body = {
            "ticket": self._ticket,
            "subject": subject,
            "words": [{"field": field, "text": text} for field, text in words],
        }
        told = (await self._line.post("/internal/seal", body)).get("sealed")
        if not isinstance(told, list) or len(told) != len(words):
            raise _failed("another number of sealed texts")
        try:
            return tuple(Sealed.model_validate(one) for one in told)
        except ValidationError as bad:
            raise _failed("no sealed text") from bad


def _failed(why: str) -> WorldFailed:
    return WorldFailed(f"the front does not answer the copilot: {why}", fix="try again in a moment")
