"""The HTTP client of the API, for the screens and the command line: one person's ticket, bounded waits.

Rule 1: every write carries an idempotency key that its caller chose before the first try.
Rule 2: a problem document becomes `Problem`, whatever its status; a silent server becomes `Unreachable`.
Rule 3: JSON comes back as it is: amounts are strings and stay strings until they are shown.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import httpx

from ui.screens.copilot_calls import CopilotCalls
from ui.screens.library_calls import LibraryCalls
from ui.screens.order_calls import OrderCalls
from ui.screens.routing_calls import RoutingCalls
from ui.sse import Event, events

ANSWERS_WITHIN: Final = timedelta(seconds=20)
CONNECTS_WITHIN: Final = timedelta(seconds=3)
SPEAKS_WITHIN: Final = timedelta(seconds=120)
BEATS_WITHIN: Final = timedelta(seconds=30)  # a feed says every few seconds that it is there
PROBLEM: Final = "application/problem+json"

Json = Any


class Problem(Exception):
    """The API said no, or not now. `code` is for machines; `says` and `fix` are for people."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.status = int(document.get("status", 0))
        self.code = str(document.get("code", "unknown"))
        self.says = str(document.get("detail", "the request was refused"))
        self.fix = str(document.get("fix", ""))
        self.field = document.get("field")
        super().__init__(f"{self.says}; {self.fix}" if self.fix else self.says)


class Unreachable(Exception):
    """The API did not answer. A read may be tried again; a write with the same key, too."""


# As `core/plain_http.py`, which screens do not import: an address without TLS needs nobody's certificate.
_NOBODY: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trusted_for(url: str) -> ssl.SSLContext | bool:
    return _NOBODY if httpx.URL(url).scheme == "http" else True


class Client(CopilotCalls, LibraryCalls, OrderCalls, RoutingCalls):
    """What one person can do. Without a ticket only `sign_in` and `ready` work."""

    def __init__(self, base_url: str, ticket: str | None = None) -> None:
        self.ticket = ticket
        patience = httpx.Timeout(ANSWERS_WITHIN.total_seconds(), connect=CONNECTS_WITHIN.total_seconds())
        self._http = httpx.Client(
            base_url=base_url, timeout=patience, trust_env=False, verify=_trusted_for(base_url)
        )

    def close(self) -> None:
        self._http.close()

    # sessions

    def sign_in(self, login: str, password: str) -> Json:
        """A session; this client uses its ticket from now on."""
        session = self._ask("POST", "/v1/sessions", json={"login": login, "password": password})
        self.ticket = str(session["ticket"])
        return session

    def sign_out(self) -> None:
        self._ask("DELETE", "/v1/sessions")
        self.ticket = None

    def me(self) -> Json:
        return self._ask("GET", "/v1/me")

    def ready(self) -> Json:
        return self._ask("GET", "/readyz")

    # reading

    def worklist(self) -> Json:
        return self._ask("GET", "/v1/worklist")

    def households(self) -> Json:
        return self._ask("GET", "/v1/households")

    def household(self, household: str) -> Json:
        return self._ask("GET", f"/v1/households/{household}")

    def positions(self, account: str) -> Json:
        return self._ask("GET", f"/v1/accounts/{account}/positions")

    def proposals(self, **filters: str) -> Json:
        return self._ask("GET", "/v1/proposals", params=filters)

    def proposal(self, proposal: str) -> Json:
        return self._ask("GET", f"/v1/proposals/{proposal}")

    def trace(self, trace: str) -> Json:
        return self._ask("GET", f"/v1/audit/traces/{trace}")

    def steps(self, trace: str, *, with_read: bool = False) -> Json:
        """Why the copilot did what it did, in clear; `with_read`: and all that a model read."""
        return self._ask("GET", f"/v1/audit/traces/{trace}/steps", params={"with_read": with_read})

    def run(self, trace: str) -> Json:
        """The conversation of a trace up to its last entry, in clear: what `gatehouse replay` runs again."""
        return self._ask("GET", f"/v1/audit/runs/{trace}")

    def entries(self, **query: str | int) -> Json:
        """A page of the record: `entries`, how far it looked (`after`) and how far the record is (`head`)."""
        return self._ask("GET", "/v1/audit/entries", params=query)

    def order_events(self, order: str) -> Json:
        """What happened to an order, in the form that other systems read."""
        return self._ask("GET", f"/v1/orders/{order}/events")

    def order_ticket(self, order: str) -> Json:
        """What the firm keeps of that order."""
        return self._ask("GET", f"/v1/orders/{order}/ticket")

    def feed(self, path: str, query: Mapping[str, str | int], *, last_id: str = "") -> Iterator[Event]:
        """A live feed from there on, or from behind the last id. It ends with its connection."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        return self._streamed("GET", path, silent_for=BEATS_WITHIN, headers=headers, params=dict(query))

    def as_of(self, kind: str, named: str, **moments: str) -> Json:
        """What was: `kind` is accounts, households, proposals or orders; `known_at`, `true_at` say when."""
        return self._ask("GET", f"/v1/{kind}/{named}/as-of", params=moments)

    def passage(self, passage: str) -> Json:
        return self._ask("GET", f"/v1/passages/{passage}")

    def day(self) -> Json:
        return self._ask("GET", "/v1/day")

    def venues(self) -> Json:
        """How the workers see the venues now."""
        return self._ask("GET", "/v1/venues")

    # writing

    def draft(self, request: Mapping[str, Any], *, key: str) -> Json:
        return self._ask("POST", "/v1/proposals", json=dict(request), key=key)

    def correct(self, correction: Mapping[str, Any], *, key: str) -> Json:
        """Operations drafts an order that puts another one right."""
        return self._ask("POST", "/v1/corrections", json=dict(correction), key=key)

    def decide(self, proposal: str, step: str, body: Mapping[str, Any]) -> Json:
        """`step` is submit, consent, approve, return, decline or withdraw. Twice is once."""
        return self._ask("POST", f"/v1/proposals/{proposal}/{step}", json=dict(body))

    def move_day(self, step: str) -> Json:
        """`step` is close or open."""
        return self._ask("POST", f"/v1/day/{step}")

    # halts

    def halts(self) -> Json:
        """What is stopped now, and the alerts that wait."""
        return self._ask("GET", "/v1/halts")

    def halt(self, scope: str, reason: str | None, *, key: str) -> Json:
        return self._ask("POST", "/v1/halts", json={"scope": scope, "reason": reason}, key=key)

    def resume(self, scope: str) -> Json:
        return self._ask("POST", "/v1/halts/resume", json={"scope": scope})

    def left_in(self, scope: str) -> Json:
        """Open and unknown orders, and clients' cash due today."""
        return self._ask("GET", "/v1/halts/left", params={"scope": scope})

    def acknowledge(self, alert: str) -> Json:
        return self._ask("POST", f"/v1/alerts/{alert}/acknowledge")

    # reconciliation

    def reconciliation(self) -> Json:
        """The newest comparison with venues and custodians, and what stands open."""
        return self._ask("GET", "/v1/reconciliation")

    def reconcile(self) -> Json:
        """Compare now; answers when the worker has."""
        return self._ask("POST", "/v1/reconciliation")

    def take_difference(self, difference: str) -> Json:
        return self._ask("POST", f"/v1/differences/{difference}/take")

    # people at work

    def authenticator(self) -> Json:
        return self._ask("GET", "/v1/me/authenticator")

    def offer_authenticator(self, password: str) -> Json:
        """An address and its picture for an authenticator, shown once."""
        return self._ask("POST", "/v1/me/authenticator", json={"password": password})

    def enrol_authenticator(self, code: str) -> Json:
        return self._ask("POST", "/v1/me/authenticator/enrol", json={"code": code})

    def remove_authenticator(self, code: str) -> Json:
        return self._ask("POST", "/v1/me/authenticator/remove", json={"code": code})

    def delegations(self) -> Json:
        return self._ask("GET", "/v1/delegations")

    def name_delegate(self, delegate: str, first: str, last: str, *, advisor: str | None, key: str) -> Json:
        body = {"delegate": delegate, "from_day": first, "until_day": last, "advisor": advisor}
        return self._ask("POST", "/v1/delegations", json=body, key=key)

    def decide_delegate(self, delegation: str, step: str) -> Json:
        """`step` is confirm or end."""
        return self._ask("POST", f"/v1/delegations/{delegation}/{step}")

    def record_of(self, person: str, what: str, body: Mapping[str, Any]) -> Json:
        """`what` is registrations, pay, reports-to or related."""
        return self._ask("POST", f"/v1/people/{person}/{what}", json=dict(body))

    # limits

    def limits(self) -> Json:
        return self._ask("GET", "/v1/limits")

    def try_limits(self, limits: Json) -> Json:
        return self._ask("POST", "/v1/limits/try", json={"limits": limits})

    def propose_limits(self, limits: Json, effective_on: str | None) -> Json:
        return self._ask("POST", "/v1/limits", json={"limits": limits, "effective_on": effective_on})

    def decide_limits(self, digest: str, step: str) -> Json:
        return self._ask("POST", f"/v1/limits/{step}", json={"digest": digest})

    def determine_rmd(self, account: str, year: int, amount: str, due_on: str) -> Json:
        body = {"year": year, "amount": amount, "due_on": due_on}
        return self._ask("POST", f"/v1/accounts/{account}/rmd", json=body)

    def watched(self) -> Json:
        return self._ask("GET", "/v1/watch")

    def watch(self, symbol: str, cause: str) -> Json:
        return self._ask("POST", "/v1/watch", json={"symbol": symbol, "cause": cause})

    def end_watch(self, watch: str) -> Json:
        return self._ask("POST", f"/v1/watch/{watch}/end")

    # standing approvals

    def standing(self) -> Json:
        return self._ask("GET", "/v1/standing")

    def standing_one(self, standing: str) -> Json:
        """That one with each day's list."""
        return self._ask("GET", f"/v1/standing/{standing}")

    def standing_to_review(self) -> Json:
        return self._ask("GET", "/v1/standing/to-review")

    def propose_standing(self, terms: Mapping[str, Any], *, key: str) -> Json:
        return self._ask("POST", "/v1/standing", json=dict(terms), key=key)

    def decide_standing(self, standing: str, step: str, body: Mapping[str, Any] | None) -> Json:
        """`step` is confirm, revoke, or days/<business day>/review. Twice is once."""
        return self._ask("POST", f"/v1/standing/{standing}/{step}", json=body)

    # batches

    def batches(self, **filters: str) -> Json:
        return self._ask("GET", "/v1/batches", params=filters)

    def batch(self, batch: str) -> Json:
        """With its rows in full."""
        return self._ask("GET", f"/v1/batches/{batch}")

    def assemble_batch(self, proposals: Sequence[str], *, key: str) -> Json:
        return self._ask("POST", "/v1/batches", json={"proposals": list(proposals)}, key=key)

    def decide_batch(self, batch: str, step: str, body: Mapping[str, Any]) -> Json:
        """`step` is submit, approve, return or decline. Twice is once."""
        return self._ask("POST", f"/v1/batches/{batch}/{step}", json=dict(body))

    # escalation

    def escalation(self) -> Json:
        return self._ask("GET", "/v1/escalation")

    def name_deputy(self, deputy: str, valid_from: str, valid_until: str) -> Json:
        body = {"deputy": deputy, "valid_from": valid_from, "valid_until": valid_until}
        return self._ask("POST", "/v1/escalation/deputy", json=body)

    def end_deputy(self) -> Json:
        return self._ask("DELETE", "/v1/escalation/deputy")

    # people's data

    def forgettings(self) -> Json:
        return self._ask("GET", "/v1/forgettings")

    def holds(self) -> Json:
        return self._ask("GET", "/v1/holds")

    def kept(self, subject: str) -> Json:
        return self._ask("GET", f"/v1/subjects/{subject}/kept")

    def ask_forget(self, subject: str, reason: str, note: str | None, *, key: str) -> Json:
        body = {"subject": subject, "reason": reason, "note": note}
        return self._ask("POST", "/v1/forgettings", json=body, key=key)

    def decide_forget(self, request: str, step: str) -> Json:
        """`step` is confirm, decline or withdraw."""
        return self._ask("POST", f"/v1/forgettings/{request}/{step}")

    def place_hold(self, subject: str, matter: str, note: str | None, *, key: str) -> Json:
        return self._ask(
            "POST", "/v1/holds", json={"subject": subject, "matter": matter, "note": note}, key=key
        )

    def decide_hold(self, hold: str, step: str) -> Json:
        """`step` is lift or keep."""
        return self._ask("POST", f"/v1/holds/{hold}/{step}")

    def rotate_key(self, subject: str | None, *, key: str) -> Json:
        """None: every subject's."""
        return self._ask("POST", "/v1/keys/rotate", json={"subject": subject}, key=key)

    # conversations

    def open_thread(self, household: str | None) -> str:
        return str(self._ask("POST", "/v1/threads", json={"household": household})["thread"])

    def threads(self) -> Json:
        return self._ask("GET", "/v1/threads")

    def messages(self, thread: str) -> Json:
        return self._ask("GET", f"/v1/threads/{thread}/messages")

    def nudge(self, thread: str) -> Json:
        return self._ask("POST", f"/v1/threads/{thread}/nudge", timeout=SPEAKS_WITHIN.total_seconds())

    def stop(self, thread: str) -> Json:
        """Stop what the copilot does in this conversation; its answer says what was done."""
        return self._ask("POST", f"/v1/threads/{thread}/stop")

    def say(self, thread: str, text: str, *, key: str) -> Iterator[Event]:
        """The copilot's steps and its answer, as they come."""
        path = f"/v1/threads/{thread}/messages"
        headers = {"Idempotency-Key": key}
        return self._streamed("POST", path, silent_for=SPEAKS_WITHIN, headers=headers, json={"text": text})

    def _streamed(
        self, method: str, path: str, *, silent_for: timedelta, headers: Mapping[str, str], **rest: Any
    ) -> Iterator[Event]:
        patience = httpx.Timeout(silent_for.total_seconds(), connect=CONNECTS_WITHIN.total_seconds())
        sent = {**self._headers(), **headers}
        with (
            _reached(),
            self._http.stream(method, path, headers=sent, timeout=patience, **rest) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                answer.read()
                _read(answer)
            yield from events(answer.iter_lines())

    def _ask(self, method: str, path: str, *, key: str | None = None, **rest: Any) -> Json:
        headers = {**self._headers(), **({"Idempotency-Key": key} if key else {})}
        with _reached():
            return _read(self._http.request(method, path, headers=headers, **rest))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ticket}"} if self.ticket else {}


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as bad:
        raise Unreachable(f"the server did not answer ({type(bad).__name__}); try again in a moment") from bad


def _read(answer: httpx.Response) -> Json:
    if answer.headers.get("content-type", "").startswith(PROBLEM):
        raise Problem(answer.json())
    if answer.is_error and not answer.headers.get("content-type", "").startswith("application/json"):
        raise Problem({"status": answer.status_code, "detail": f"the server answered {answer.status_code}"})
    return answer.json() if answer.content else None
