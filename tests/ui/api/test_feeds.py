"""Live feeds over HTTP: whose entries, from where on, over a restart, and what ends them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.plain_http import NOBODY
from tests.fixtures.office import Office
from tests.fixtures.processes import ROOT, process, until
from tests.fixtures.servers import free_port
from ui.screens.client import Client, Problem
from ui.sse import Event

MARIA, DAVID, ROBERT, AUDITOR = "maria.alvarez", "david.nakamura", "robert.hensley", "william.tran"
AUDIT, ORDERS = "/v1/audit/feed", "/v1/feed/orders"


def plain(office: Office, login: str) -> str:
    """A household of that advisor whose rebalance a principal may decide on without the client."""
    client = office.of(login)
    taken = {p["household"] for p in client.proposals() if p["waits_for"] != "nobody"}
    for need in client.worklist():
        accounts = client.household(need["household"])["accounts"]
        if (
            need["reason"] == "drift"
            and need["household"] not in taken
            and all(a["discretionary"] for a in accounts)
        ):
            found = office.assessed(login, need["household"])
            if found["status"] == "ASSESSED" and found["tier"] < 3:
                soft = {c["policy"]: "Known." for c in found["findings"] if c["result"] == "finding"}
                said = {"digest": found["digest"], "reasons": soft}
                client.decide(found["proposal"], "submit", said)
                office.of(ROBERT).decide(found["proposal"], "approve", said)
                return str(found["proposal"])
            if found["status"] == "ASSESSED":
                client.decide(found["proposal"], "withdraw", {})
    raise AssertionError(f"no such household of {login}")


@pytest.fixture(scope="module")
def deals(office: Office) -> dict[str, Any]:
    """One proposal of each of two advisors, filled to the end."""
    found = {login: plain(office, login) for login in (MARIA, DAVID)}
    return {login: finished(office, login, proposal) for login, proposal in found.items()}


def finished(office: Office, login: str, proposal: str) -> Any:
    client = office.of(login)
    return until(lambda: client.proposal(proposal), lambda p: p["waits_for"] == "nobody", within=60)


def so_far(client: Client, path: str, query: dict[str, str | int], *, last_id: str = "") -> list[Event]:
    """What a feed has to say until it has caught up."""
    events = client.feed(path, query, last_id=last_id)
    return list(takewhile(lambda e: not (e.name == "heartbeat" and e.data["caught_up"]), events))


def entries(events: list[Event]) -> list[dict[str, Any]]:
    return [dict(event.data) for event in events if event.name in {"entry", "order"}]


def test_a_feed_and_the_pages_tell_the_same_entries(office: Office, deals: dict[str, Any]) -> None:
    client = office.of(AUDITOR)
    fed = entries(so_far(client, AUDIT, {"after": 0}))
    after, paged = 0, list[dict[str, Any]]()
    while True:
        page = client.entries(after=after, limit=37)
        paged += page["entries"]
        after = page["after"]
        if after == page["head"]:
            break
    upto = min(fed[-1]["seq"], paged[-1]["seq"])
    assert [e for e in fed if e["seq"] <= upto] == [e for e in paged if e["seq"] <= upto]
    assert [e["seq"] for e in fed] == list(range(1, len(fed) + 1))
    assert {"event_id", "event_version", "trace_id", "occurred_at", "policy_decisions", "stream_version"} <= {
        *fed[0]
    }


@pytest.mark.parametrize(("login", "other"), [(MARIA, DAVID), (DAVID, MARIA)])
def test_nobody_sees_anothers_book_in_any_feed_or_list(
    office: Office, deals: dict[str, Any], login: str, other: str
) -> None:
    client, theirs = office.of(login), deals[other]
    orders = {order["order"] for order in deals[login]["orders"]}
    fed = entries(so_far(client, ORDERS, {"after": 0}))
    assert orders <= {event["order_id"] for event in fed}
    told = json.dumps([fed, entries(so_far(client, AUDIT, {"after": 0})), client.entries(last=200)])
    secrets = {theirs["proposal"], theirs["trace"], *(o["order"] for o in theirs["orders"])}
    secrets |= {o["account"] for o in theirs["orders"]}
    assert [secret for secret in secrets if secret in told] == []
    assert theirs["proposal"] in json.dumps(
        entries(so_far(office.of(AUDITOR), AUDIT, {"trace": theirs["trace"], "after": 0}))
    )
    assert entries(so_far(client, AUDIT, {"trace": theirs["trace"], "after": 0})) == []
    for ask in (
        lambda: client.order_events(theirs["orders"][0]["order"]),
        lambda: client.entries(account=theirs["orders"][0]["account"]),
        lambda: so_far(client, ORDERS, {"account": theirs["orders"][0]["account"]}),
    ):
        with pytest.raises(Problem) as no:
            ask()
        assert no.value.status == 404


def test_a_copilots_ticket_is_no_ticket_here(office: Office) -> None:
    """What the copilot is given of her opens no feed, no page and no order."""
    office.copilot.will_answer("Nothing to say.")
    client = office.of(MARIA)
    thread = client.open_thread(None)
    list(client.say(thread, "How is it?", key=os.urandom(8).hex()))
    ticket = office.copilot.turns()[-1]["ticket"]
    for path in (AUDIT, ORDERS, "/v1/audit/entries", "/v1/orders/gh-1/events"):
        answer = httpx.get(
            f"{office.url}{path}",
            headers={"Authorization": f"Bearer {ticket}"},
            trust_env=False,
            verify=NOBODY,
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


def test_a_reader_that_comes_back_misses_nothing_and_gets_nothing_twice(
    office: Office, deals: dict[str, Any]
) -> None:
    client = office.of(AUDITOR)
    whole = so_far(client, ORDERS, {"after": 0})
    told = [event for event in whole if event.name == "order"]
    for cut in (1, len(told) // 2, len(told) - 1):
        rest = so_far(client, ORDERS, {"after": 0}, last_id=told[cut - 1].id)
        assert [e.id for e in rest if e.name == "order"] == [e.id for e in told[cut:]]


def test_the_list_of_one_order_is_its_part_of_the_feed(office: Office, deals: dict[str, Any]) -> None:
    client, order = office.of(MARIA), deals[MARIA]["orders"][0]
    listed = client.order_events(order["order"])
    fed = entries(so_far(client, ORDERS, {"after": 0}))
    assert listed == [event for event in fed if event["order_id"] == order["order"]]
    assert listed[0]["event_type"] == "OrderReleased"
    assert len({d["policy"] for d in listed[0]["policy_decisions"]}) > 8
    assert listed[0]["actor"] == {"type": "process", "id": "worker"}
    assert {e["trace_id"] for e in listed} == {deals[MARIA]["trace"]}
    assert {(e["account_id"], e["symbol"], e["side"]) for e in listed} == {
        (order["account"], order["symbol"], order["side"])
    }


def test_filters_hold_together(office: Office, deals: dict[str, Any]) -> None:
    client, mine = office.of(AUDITOR), deals[MARIA]
    account = mine["orders"][0]["account"]
    query: dict[str, str | int] = {"account": account, "type": "OrderFilled,OrderReleased", "actor": "worker"}
    found = entries(so_far(client, AUDIT, {**query, "trace": mine["trace"], "after": 0}))
    assert found
    assert {e["event_type"] for e in found} == {"OrderFilled", "OrderReleased"}
    assert {e["payload"]["account"] for e in found} == {account}
    assert {e["role"] for e in found} == {"gh_gate"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"type": "OrderFiled"}, "type"),
        ({"type": "Order Filled"}, "type"),
        ({"trace": "xyz"}, "trace"),
        ({"actor": "nobody"}, "actor"),
        ({"account": "acc-none"}, "account"),
        ({"after": "-1"}, "after"),
        ({"after": 2**61}, "after"),
        ({"since": "2022-12-29T15:00:00"}, "since"),
        ({"since": "2022-12-29T15:00:00Z", "last": 3}, "last"),
        ({"last": 0}, "last"),
    ],
)
@pytest.mark.parametrize("path", [AUDIT, ORDERS, "/v1/audit/entries"])
def test_what_cannot_be_chosen_is_named_by_its_field(
    office: Office, path: str, query: dict[str, str | int], field: str
) -> None:
    with pytest.raises(Problem) as no:
        list(office.of(MARIA).feed(path, query))
    assert (no.value.status in {404, 422}, no.value.field) == (True, field)


def test_an_event_that_is_none_of_an_order_is_none_of_the_orders_feed(office: Office) -> None:
    with pytest.raises(Problem) as no:
        list(office.of(MARIA).feed(ORDERS, {"type": "ProposalDrafted"}))
    assert no.value.field == "type"


def test_a_feed_tells_what_is_recorded_after_it_began_and_ends_with_the_session(office: Office) -> None:
    client = Client(office.url)
    client.sign_in(MARIA, office.passwords[MARIA])
    feed = client.feed(AUDIT, {"actor": MARIA, "type": "ThreadOpened"})
    assert next(feed).name == "heartbeat"
    thread = office.of(MARIA).open_thread(None)
    live = next(event for event in feed if event.name == "entry")
    assert live.data["payload"]["thread"] == thread
    Client(office.url, client.ticket).sign_out()
    rest = list(feed)
    assert (rest[-1].name, rest[-1].data["code"]) == ("end", "session_ended")


def test_one_person_has_so_many_feeds_and_a_place_is_free_again(office: Office) -> None:
    client = office.of("susan.feldman")
    feeds = [client.feed(AUDIT, {}) for _ in range(9)]
    for feed in feeds[:8]:
        assert next(feed).name == "heartbeat"
    with pytest.raises(Problem) as no:
        next(feeds[8])
    assert (no.value.status, no.value.code) == (429, "too_many")
    del feed, feeds[0]  # its connection is closed
    until(lambda: opens(client), bool)


def opens(client: Client) -> bool:
    try:
        return next(client.feed(AUDIT, {})).name == "heartbeat"
    except Problem:
        return False


class Tail:
    """`gatehouse audit tail` of one user in a process of its own, and the lines that it has printed."""

    def __init__(self, office: Office, folder: Path, login: str, *words: str, url: str = "") -> None:
        self.env = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
        signed = [
            sys.executable,
            "-m",
            "ui.cli",
            "login",
            login,
            "--url",
            url or office.url,
            "--password-stdin",
        ]
        subprocess.run(
            signed,
            cwd=ROOT,
            env=self.env,
            input=f"{office.passwords[login]}\n",
            text=True,
            check=True,
            capture_output=True,
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ui.cli", "audit", "tail", *words],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def shows(self, words: str) -> None:
        """Waits until a line says that."""
        until(lambda: self.lines, lambda lines: any(words in line for line in lines), within=60)

    def whole(self) -> list[str]:
        """Every line, once it has ended by itself and well."""
        assert self.process.wait(60) == 0
        self._reader.join(10)
        return self.lines

    def ended(self) -> tuple[int, str]:
        """Exit code and stderr, after Ctrl-C where it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def second_front(office: Office, port: int, folder: Path) -> Iterator[str]:
    """One more front of the same firm, killed at the end."""
    with process(
        ["front", "--intake"], {**office.env, "GATEHOUSE_PORT": str(port)}, folder / "front.log"
    ) as front:
        until(lambda: answers(f"http://127.0.0.1:{port}"), bool, within=60)
        yield f"http://127.0.0.1:{port}"
        front.kill()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False, verify=NOBODY).is_success
    except httpx.HTTPError:
        return False


def test_tail_over_a_killed_and_restarted_front_has_no_gap_and_no_repeat(
    office: Office, tmp_path: Path
) -> None:
    client, port = office.of(MARIA), free_port()
    with second_front(office, port, tmp_path) as url:
        tail = Tail(office, tmp_path, AUDITOR, "--type", "ThreadOpened", "--json", "--last", "1", url=url)
        made = [client.open_thread(None)]
        tail.shows(made[-1])
    for _ in range(2):
        made += [client.open_thread(None) for _ in range(2)]  # while its front is gone
        with second_front(office, port, tmp_path):
            made += [client.open_thread(None) for _ in range(2)]
            tail.shows(made[-1])
    code, said = tail.ended()
    told = [json.loads(line) for line in tail.lines]
    threads = [one["payload"]["thread"] for one in told]
    assert threads[threads.index(made[0]) :] == made
    assert [one["seq"] for one in told] == sorted({one["seq"] for one in told})
    assert (code, "Traceback" in said) == (0, False)
    assert "the front does not answer; trying again" in said


def test_tail_reads_well_within_a_hundred_columns_and_ends(
    office: Office, deals: dict[str, Any], tmp_path: Path
) -> None:
    words = ["--trace", deals[MARIA]["trace"], "--since", "1", "--no-follow"]
    lines = Tail(office, tmp_path, MARIA, *words).whole()
    text = "\n".join(lines)
    assert max(len(line) for line in lines) <= 100
    assert "\x1b" not in text
    order = deals[MARIA]["orders"][0]
    for said in (
        "Maria Alvarez         Trade proposal drafted",
        "Submitted by the advisor",
        "Robert Hensley        Approved by a principal",
        f"worker                Order released  {order['side']} {order['quantity']} {order['symbol']}",
    ):
        assert said in text


def test_tail_tells_orders_in_their_external_form(
    office: Office, deals: dict[str, Any], tmp_path: Path
) -> None:
    words = ["--external", "--json", "--since", "1", "--no-follow", "--trace", deals[MARIA]["trace"]]
    told = [json.loads(line) for line in Tail(office, tmp_path, MARIA, *words).whole()]
    order = deals[MARIA]["orders"][0]["order"]
    assert [one for one in told if one["order_id"] == order] == office.of(MARIA).order_events(order)


def test_tail_says_what_is_wrong_with_a_filter_in_one_line(office: Office, tmp_path: Path) -> None:
    tail = Tail(office, tmp_path, MARIA, "--type", "OrderFiled")
    tail.process.wait(60)
    code, said = tail.ended()
    assert (code, len(said.strip().splitlines())) == (1, 1)
    assert "OrderFilled" in said


def test_a_front_that_is_told_to_stop_does_not_wait_for_its_feeds(office: Office, tmp_path: Path) -> None:
    """They have no end of their own: each ends where it is, whole, and its reader goes on elsewhere."""
    port = free_port()
    env = {**office.env, "GATEHOUSE_PORT": str(port)}
    with process(["front", "--intake"], env, tmp_path / "front.log") as front:
        until(lambda: answers(f"http://127.0.0.1:{port}"), bool, within=60)
        client = Client(f"http://127.0.0.1:{port}", office.of(AUDITOR).ticket)
        feeds = [client.feed(AUDIT, {"after": 0}) for _ in range(3)]
        firsts = [next(feed) for feed in feeds]
        begun = time.monotonic()
        front.terminate()
        rest = [list(feed) for feed in feeds]
        front.wait(timeout=30)
        took = time.monotonic() - begun
    assert all(first.id for first in firsts)
    assert {events[-1].name for events in rest} == {"heartbeat"}
    assert took < 4, "the server's own patience is five seconds"
