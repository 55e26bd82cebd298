"""What a halt names: everything, or one venue, account, household, advisor, agent, tool, strategy or symbol.

Rule 1: a scope is one word that needs no quoting: `all`, or a kind and an id, as `venue:ARCADIA`.
Rule 2: a halt covers what its scope names and nothing wider. `gatehouse.scopes_of` says which scopes an
    order has.
"""

from __future__ import annotations

import re
from typing import Final, NewType

from core.errors import BadInput

Scope = NewType("Scope", str)

EVERYTHING: Final = Scope("all")
KINDS: Final = ("venue", "account", "household", "advisor", "agent", "tool", "strategy", "symbol")
FORM: Final = re.compile(rf"all|(?:{'|'.join(KINDS)}):[A-Za-z0-9_.-]{{1,80}}")


def scope(text: str) -> Scope:
    """The scope that somebody wrote.

    Raises:
        BadInput: it names nothing that can be halted.
    """
    if not FORM.fullmatch(text):
        raise BadInput(
            f"{text[:100]!r} is nothing that can be stopped",
            fix=f"write all, or one of {', '.join(KINDS)} with an id, as venue:ARCADIA",
            field="scope",
        )
    return Scope(text)


def of(kind: str, named: str) -> Scope:
    """`of("venue", "ARCADIA")` is `venue:ARCADIA`."""
    return scope(f"{kind}:{named}")


def in_words(named: str) -> str:
    """For people: `everything`, `venue ARCADIA`."""
    return "everything" if named == EVERYTHING else named.replace(":", " ", 1)


def agent_stopped(agent: str) -> str:
    """Why a stopped agent does nothing, for whoever asks it."""
    return f"a person has stopped the {agent} agent; it does nothing until another person resumes it"
