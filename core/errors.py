"""Errors, sorted by what the caller may do next.

GatehouseError
├── RuleBroken          fix the request; nothing was recorded or sent
│   ├── BadInput            a field is wrong: the message names it and the fix
│   │   └── CurrencyMismatch    two currencies met without a rate
│   ├── NotFound            no such thing, or none that this person may see
│   ├── NotPermitted        this person or process may not do that
│   ├── SignInRequired      no session, or one that has ended: sign in again
│   ├── IllegalTransition   this step cannot follow that state
│   ├── Refused             the journal answered no, with a code
│   └── Conflict            somebody else was first; read again
├── WorldFailed         retry later; nothing reached the other side
├── OutcomeUnknown      never retry; reconcile first
└── IntegrityLost       stop; a person must look

Rule 1: a message says what was wrong with its values, then the fix.
Rule 2: only the edge (`ui/api/problems.py`, `ui/cli.py`) turns a class into a number.
"""


class GatehouseError(Exception):
    """What went wrong, and what would mend it.

    `field` is the offending field of the caller's input, where there is one.
    """

    def __init__(self, says: str, *, fix: str, field: str | None = None) -> None:
        super().__init__(f"{says}; {fix}")
        self.says = says
        self.fix = fix
        self.field = field


class RuleBroken(GatehouseError):
    """The request breaks a rule. Nothing was recorded or sent."""


class BadInput(RuleBroken):
    """A field has a value that cannot be used."""


class CurrencyMismatch(BadInput):
    """Two currencies met without a rate between them."""


class NotFound(RuleBroken):
    """No such thing, or none that the asker may see. The two are not told apart."""


class NotPermitted(RuleBroken):
    """The asker may not do that."""


class SignInRequired(RuleBroken):
    """No session was presented, or it has ended."""


class IllegalTransition(RuleBroken):
    """The life-cycle table has no such step. The state is unchanged."""


class Refused(RuleBroken):
    """The journal's append answered `refused(code)`. Nothing but the refusal was recorded."""

    def __init__(self, code: str, says: str, *, fix: str, field: str | None = None) -> None:
        super().__init__(says, fix=fix, field=field)
        self.code = code


class Conflict(RuleBroken):
    """Another append came first, or the same key came with another body."""


class WorldFailed(GatehouseError):
    """Something outside did not answer or could not be reached. Nothing got there; retry later."""


class OutcomeUnknown(GatehouseError):
    """It may have happened. Never retry: look it up first."""


class IntegrityLost(GatehouseError):
    """The record does not prove itself, or two of our own answers disagree. Stop; a person must look."""
