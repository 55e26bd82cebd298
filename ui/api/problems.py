"""Errors as RFC 9457 problem documents. The only place that turns an error into a status.

Rule 1: every class of the error tree has a status, its own or its family's; a test walks the tree.
Rule 2: a problem says what was wrong and how to mend it, and names the field where there is one.
Rule 3: what the caller sent is not echoed, and no frame, statement or path of ours leaves.
Rule 4: an answer that may or may not have happened is 202: accepted for reconciliation, not to be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from core.errors import (
    BadInput,
    Conflict,
    GatehouseError,
    IllegalTransition,
    IntegrityLost,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    Refused,
    RuleBroken,
    SignInRequired,
    WorldFailed,
)

MEDIA_TYPE: Final = "application/problem+json"


class TooManyTries(RuleBroken):
    """Too many wrong passwords. `wait_seconds` is when the next try is looked at."""

    def __init__(self, says: str, *, fix: str, wait_seconds: int) -> None:
        super().__init__(says, fix=fix)
        self.wait_seconds = wait_seconds


class TooLarge(BadInput):
    """The body is larger than this route takes."""


class Malformed(BadInput):
    """The body cannot be read at all."""


class KeyMissing(BadInput):
    """A request that creates something came without its Idempotency-Key."""


STATUS: Final[Mapping[type[GatehouseError], int]] = {
    RuleBroken: 422,
    BadInput: 422,
    TooLarge: 413,
    Malformed: 400,
    KeyMissing: 400,
    NotFound: 404,
    NotPermitted: 403,
    SignInRequired: 401,
    TooManyTries: 429,
    IllegalTransition: 409,
    Refused: 409,
    Conflict: 409,
    WorldFailed: 503,
    OutcomeUnknown: 202,
    IntegrityLost: 500,
}

# The journal's answers that are about the person or the request, not about the state of things (409).
REFUSED_STATUS: Final[Mapping[str, int]] = {
    "session_ended": 401,
    "wrong_ticket": 401,
    "no_right": 403,
    "not_recommended_now": 403,
    "not_the_advisor": 403,
    "not_unsolicited": 422,
    "program_drafts_only": 403,
    "not_as_stored": 422,
    "not_a_principal": 403,
    "not_registered": 403,
    "not_independent": 403,
    "not_operations": 403,
    "not_a_record_keeper": 403,
    "may_not_set_limits": 403,
    "may_not_set_routing": 403,
    "compliance_missing": 403,
    "not_watched": 404,
    "not_an_ira": 422,
    "same_person": 403,
    "halted_by_you": 403,
    "may_not_halt": 403,
    "may_not_resume": 403,
    "no_such_alert": 404,
    "no_such_scope": 404,
    "own_data": 403,
    "principal_missing": 403,
    "step_up_missing": 403,
    "step_up_wrong": 403,
    "not_compliance": 403,
    "allocation_misstated": 422,
    "allocation_rule_missing": 404,
    "other_custodian": 422,
    "no_such_person": 404,
    "no_such_delegation": 404,
    "no_authenticator": 404,
    "no_signal": 403,
    "not_a_strategy": 403,
    "signals_off": 403,
    "not_an_advisor": 422,
    "not_yours_to_assess": 403,
    "not_yours_to_cancel": 403,
    "no_such_request": 404,
    "no_such_hold": 404,
    "no_such_standing": 404,
    "no_such_deputy": 404,
    "no_such_batch": 404,
    "no_such_difference": 404,
    "batch_malformed": 422,
    "deputy_out_of_bounds": 422,
    "nothing_to_review": 404,
    "terms_out_of_bounds": 422,
    "not_your_thread": 403,
    "self_approval": 403,
    "own_email": 403,
    "not_her_email": 403,
    "wrong_author": 403,
    "outside_book": 404,
    "no_such_leg": 404,
    "too_large": 413,
    "content_mismatch": 422,
    "limits_in_past": 422,
    "limits_malformed": 422,
    "routing_in_past": 422,
    "routing_malformed": 422,
    "routing_reason_missing": 422,
    "lots_mismatch": 422,
    "more_than_left": 422,
    "not_next_session": 422,
    "replace_mismatch": 422,
    "no_provenance": 422,
    "no_such_preference": 404,
    "no_such_email": 404,
    "email_comment_missing": 422,
    "not_her_words": 422,
    "not_an_owner": 422,
    "rationale_not_drafted": 422,
    "reasons_missing": 422,
    "wrong_period": 422,
    "not_a_delegate": 422,
    "wrong_stream": 422,
    "too_many": 429,
    "too_many_drafts": 429,
    "too_many_emails": 429,
    "too_many_preferences": 429,
}

TITLES: Final[Mapping[type[GatehouseError], str]] = {
    TooLarge: "Too large",
    Malformed: "A body that cannot be read",
    KeyMissing: "Idempotency key missing",
    BadInput: "A field cannot be used",
    NotFound: "Not found",
    NotPermitted: "Not permitted",
    SignInRequired: "Sign in",
    TooManyTries: "Too many tries",
    IllegalTransition: "Not possible in this state",
    Refused: "Refused",
    Conflict: "Somebody else was first",
    RuleBroken: "The request breaks a rule",
    WorldFailed: "Not reachable",
    OutcomeUnknown: "Outcome unknown",
    IntegrityLost: "Stopped",
}


class FieldProblem(BaseModel):
    """One field of the request: its dotted name, what is wrong, the fix."""

    model_config = ConfigDict(frozen=True)
    field: str
    says: str
    fix: str


class Problem(BaseModel):
    """A problem document. Source: RFC 9457 section 3; `code`, `fix`, `field` and `errors` are ours."""

    model_config = ConfigDict(frozen=True)
    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    fix: str
    field: str | None = None
    errors: tuple[FieldProblem, ...] = ()


def status_of(error: GatehouseError) -> int:
    """By code for the journal's refusals, else by the nearest class that has a status."""
    if isinstance(error, Refused) and error.code in REFUSED_STATUS:
        return REFUSED_STATUS[error.code]
    return STATUS[next(kind for kind in type(error).__mro__ if kind in STATUS)]


def problem_of(error: GatehouseError, *, instance: str) -> Problem:
    """The document for an error of the tree."""
    kind = next(kind for kind in type(error).__mro__ if kind in TITLES)
    code = error.code if isinstance(error, Refused) else _snake(type(error).__name__)
    errors = (FieldProblem(field=error.field, says=error.says, fix=error.fix),) if error.field else ()
    return _problem(
        status_of(error),
        TITLES[kind],
        code,
        error.says,
        error.fix,
        instance,
        field=error.field,
        errors=errors,
    )


def _problem(
    status: int,
    title: str,
    code: str,
    says: str,
    fix: str,
    instance: str,
    *,
    field: str | None = None,
    errors: tuple[FieldProblem, ...] = (),
) -> Problem:
    kind = f"urn:gatehouse:problem:{code}"
    return Problem(
        type=kind,
        title=title,
        status=status,
        detail=says,
        instance=instance,
        code=code,
        fix=fix,
        field=field,
        errors=errors,
    )


def answered(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response that carries it."""
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


FIXES: Final[Mapping[str, str]] = {
    "missing": "add it",
    "extra_forbidden": "remove it, or check how it is written",
    "json_invalid": "send one JSON object in UTF-8",
    "string_unicode": "send text in valid Unicode",
    "string_type": "send a string in quotes",
    "string_too_short": "write something",
    "string_too_long": "shorten it",
    "literal_error": "use one of those words",
    "string_pattern_mismatch": "copy it whole, as it was shown",
    "model_attributes_type": "send one JSON object",
}


def field_problems(errors: Sequence[Mapping[str, Any]]) -> tuple[FieldProblem, ...]:
    """What each field's validator said, without the input that it refused."""
    return tuple(
        FieldProblem(
            field=".".join(str(step) for step in error["loc"][1:]) or str(error["loc"][0]),
            says=_in_our_words(error),
            fix=FIXES.get(str(error["type"]), "see the field's description in /openapi.json"),
        )
        for error in errors
    )


def _in_our_words(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "literal_error":
            return f"it is one of {str(error['ctx']['expected']).replace(chr(39), '')}"
        case "string_pattern_mismatch":
            return f"it has the form {error['ctx']['pattern']}"
    return str(error["msg"]).removeprefix("Value error, ")


async def _on_gatehouse_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, GatehouseError):
        raise error
    headers: dict[str, str] = {}
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(error.wait_seconds)
    if status_of(error) == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return answered(problem_of(error, instance=request.url.path), headers)


async def _on_bad_request(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = field_problems(error.errors())
    malformed = any(e["type"] == "json_invalid" for e in error.errors())
    says = "; ".join(f"{f.field}: {f.says}" for f in fields)
    return answered(
        _problem(
            400 if malformed else 422,
            TITLES[BadInput],
            "malformed_json" if malformed else "bad_input",
            says,
            fields[0].fix,
            request.url.path,
            field=fields[0].field,
            errors=fields,
        )
    )


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    fix = {404: "check the path in /openapi.json", 405: "use a method that the Allow header names"}.get(
        error.status_code, "check the request"
    )
    problem = _problem(
        error.status_code,
        title,
        _snake(title.title().replace(" ", "")),
        str(error.detail),
        fix,
        request.url.path,
    )
    return answered(problem, error.headers)


async def _on_anything_else(request: Request, error: Exception) -> JSONResponse:
    """A bug of ours: it is recorded, and the caller learns no more than that."""
    route = getattr(request.scope.get("route"), "path", "none")  # the path itself may name somebody
    structlog.get_logger("front").error("unhandled", route=route, kind=type(error).__name__, exc_info=error)
    return answered(stopped(request.url.path))


def stopped(instance: str) -> Problem:
    """What the caller learns of a bug of ours."""
    says = "this request ran into a defect of ours and was stopped"
    fix = "look whether it took effect before you send it again; the front's log has the cause"
    return _problem(500, "Stopped", "defect", says, fix, instance)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(GatehouseError, _on_gatehouse_error)
    app.add_exception_handler(RequestValidationError, _on_bad_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_anything_else)
