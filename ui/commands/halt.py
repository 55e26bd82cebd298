"""`gatehouse halt|resume|halts|acknowledge`: as whoever is signed in, or at the machine itself.

Rule 1: with a session and a front that answers, a halt is that person's. Where neither the front nor its
    database answers, or nobody is signed in, the machine's owner stops it here: the file, and each worker's
    word.
Rule 2: what the front says no to is no: the machine's own way is not taken behind a person's back.
Rule 3: resuming is another person's, at the front. There is no way to resume from here without it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from core import settings
from core.clock import WallClock
from core.errors import BadInput, NotPermitted, SignInRequired, WorldFailed
from core.halts.beside import Beside, Stopped
from core.halts.file import Halt, HaltFile, fresh_halt_id
from core.halts.scope import EVERYTHING, Scope, in_words
from core.halts.scope import scope as read_scope
from core.ids import PersonId
from ui.commands.session import console, print_json, signed_in, stored
from ui.processes.secrets_kept import halt_key
from ui.screens import figures as f

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
ScopeWord = Annotated[str, typer.Argument(metavar="SCOPE", help="all, or a kind and an id: venue:ARCADIA")]
UNSEEN: Final = "clients' cash due today cannot be read here: the record is not asked"


def halt(
    scope: ScopeWord,
    reason: Annotated[str | None, typer.Option("--reason", help="why, for those who resume it")] = None,
    local: Annotated[
        bool, typer.Option("--local", help="at this machine itself, without front and database")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop new orders of that scope. Cancels, look-ups and bookings go on."""
    about = read_scope(scope)
    answer = None if local else _as_a_person(about, reason)
    if answer is None:
        answer = _at_the_machine(about, reason)
    if as_json:
        print_json(answer)
    else:
        _print_stopped(answer)


def resume(scope: ScopeWord, as_json: Json = False) -> None:
    """Let orders of that scope leave again, as another person than those who stopped it."""
    about = read_scope(scope)
    with signed_in() as client:
        answer = client.resume(about)
    if as_json:
        print_json(answer)
    else:
        console().print(f"Resumed: {in_words(about)}, entry {answer['seq']}. Orders leave again in a moment.")


def halts(as_json: Json = False) -> None:
    """What is stopped now, by whom and since when; and alerts that wait for a person."""
    try:
        with signed_in() as client:
            found = client.halts()
    except (WorldFailed, SignInRequired):
        found = _in_the_file()
    if as_json:
        print_json(found)
        return
    if not found["halts"]:
        console().print("Nothing is stopped.")
    for one in found["halts"]:
        console().print(
            f"Trading stopped for {one['says']} since {f.moment(one['since'])}, {f.stopped_by(one)}"
        )
    for one in found["alerts"]:
        console().print(
            f"Alert {one['alert']} ({one['severity']}): {one['says']}. It would stop {one['scope']}"
        )


def acknowledge(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="as `halts` shows it")], as_json: Json = False
) -> None:
    """You have seen the alert and answer for it: then it stops nothing."""
    with signed_in() as client:
        answer = client.acknowledge(alert)
    if as_json:
        print_json(answer)
    else:
        console().print(f"Acknowledged, entry {answer['seq']}.")


def _as_a_person(about: Scope, reason: str | None) -> Any:
    """The front's answer. None: nobody is signed in, or the front or its database does not answer."""
    try:
        with signed_in() as client:
            return client.halt(about, reason, key=secrets.token_hex(16))
    except (SignInRequired, WorldFailed):
        return None


def _at_the_machine(about: Scope, reason: str | None) -> dict[str, Any]:
    env = settings.environment()
    clock = WallClock()
    beside = Beside(settings.halts(env), _key(), clock)
    wanted = Halt(fresh_halt_id(), about, clock.now(), "machine", named=_named(), reason=reason)
    stopped = asyncio.run(beside.stop(wanted))
    return {
        "halt": wanted.id,
        "scope": about,
        "seq": None,
        "workers": stopped.workers,
        "silent_workers": list(stopped.silent),
        "on_the_way": stopped.on_the_way,
        "answered_after_ms": int(stopped.took.total_seconds() * 1000),
        "says": _says(about, stopped),
        "left": {"orders": _orders(about, stopped), "cash_due": None},
    }


def _says(about: Scope, stopped: Stopped) -> str:
    says = f"Trading is stopped for {in_words(about)}, at this machine. "
    if stopped.silent:
        says += (
            f"{len(stopped.silent)} worker gave no word in time; it reads the halt before each order it sends"
        )
    elif not stopped.workers:
        says += "No worker is at work: nothing can leave"
    else:
        says += "No further order leaves"
    return f"{says}. {stopped.fault[0].upper()}{stopped.fault[1:]}" if stopped.fault else says


def _orders(about: Scope, stopped: Stopped) -> list[dict[str, Any]]:
    return [
        {name: word for name, word in order.items() if name != "scopes"}
        for order in stopped.orders
        if about in (order["scopes"] or "").split() or about in (EVERYTHING, f"venue:{order['venue']}")
    ]


def _in_the_file() -> dict[str, Any]:
    now = HaltFile(settings.halts(settings.environment()), _key(), WallClock()).read()
    told: list[dict[str, Any]] = [
        {
            "scope": one.scope,
            "says": in_words(one.scope),
            "since": one.at.isoformat(),
            "cause": one.cause,
            "by": one.named,
            "by_name": None,
            "reason": one.reason,
        }
        for one in now.halts
    ]
    if now.fault is not None:
        raise WorldFailed(
            f"everything is stopped: {now.fault}", fix="start the worker; then a person resumes it"
        )
    return {"halts": told, "alerts": []}


def _named() -> PersonId | None:
    """Who is signed in at this terminal, by its own word: she is not the one who resumes it."""
    try:
        return PersonId(stored().person)
    except SignInRequired:
        return None


def _key() -> bytes:
    """Raises NotPermitted: this user is not the machine's owner."""
    env = settings.environment()
    try:
        key = env.get("GATEHOUSE_HALT_KEY") or halt_key(settings.home(env))
    except PermissionError as no:
        raise NotPermitted(
            "the front does not answer, and only the machine's owner stops trading without it",
            fix="sign in once it answers; or run this as the user who ran `gatehouse up`",
        ) from no
    if not key:
        raise WorldFailed(
            "there is no product in this home yet, and no front that answers",
            fix="set GATEHOUSE_HOME to the one that `gatehouse up` uses",
        )
    try:
        return bytes.fromhex(key)
    except ValueError as bad:
        raise BadInput(
            "GATEHOUSE_HALT_KEY is no key", fix="set 64 hex digits", field="GATEHOUSE_HALT_KEY"
        ) from bad


def _print_stopped(answer: dict[str, Any]) -> None:
    out = console()
    out.print(f"{answer['says']}.")
    out.print(
        f"{answer['workers']} worker acknowledged within {answer['answered_after_ms']} ms; "
        f"{answer['on_the_way']} sends that had begun have no answer yet."
    )
    orders: Sequence[dict[str, Any]] = answer["left"]["orders"]
    out.print(f"{len(orders)} open orders in it:" if orders else "No open orders in it.")
    for one in orders:
        at = f" at {one['venue']}" if one["venue"] else ""
        out.print(
            f"  {one['order']}  {one['account']}  {one['side']} {one['quantity']} {one['symbol']},"
            f" {one['filled']} filled, {f.status(one['status']).lower()}{at}"
        )
    due = answer["left"]["cash_due"]
    if due is None:
        out.print(f"{UNSEEN[0].upper()}{UNSEEN[1:]}.")
    for one in due or ():
        out.print(f"  due today: {one['account']}  {one['what']}  {f.dollars(one['amount'])}")
    out.print("Another person resumes it.")
