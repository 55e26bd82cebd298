"""What the routes of limits and of routing share: the step of a person on a set, and its answer."""

from __future__ import annotations

from typing import Literal

from core.ledger.envelope import Recorded
from ui.api.fields import Ask, Fingerprint, Told

Deciding = Literal["confirm", "withdraw"]
STATUS: dict[str, str] = {"propose": "PROPOSED", "confirm": "CONFIRMED", "withdraw": "WITHDRAWN"}


class Decide(Ask):
    """The fingerprint of the set as it was read."""

    digest: Fingerprint


class Step(Told):
    digest: str
    status: str
    seq: int
    repeated: bool


def step_told(digest: str, step: str, recorded: Recorded) -> Step:
    """What was done with the set of this fingerprint."""
    return Step(digest=digest, status=STATUS[step], seq=recorded.seq, repeated=recorded.duplicate)
