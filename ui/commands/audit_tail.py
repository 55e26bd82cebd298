"""`audit tail`: the record as it grows, over HTTP and with one's own session.

Rule 1: nothing is lost and nothing comes twice: each try goes on behind the last id that came.
Rule 2: what went wrong on the way is said on stderr; stdout carries entries alone, so that it can be piped.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from core.errors import BadInput, SignInRequired, WorldFailed
from ui.commands.session import signed_in
from ui.commands.tail_lines import entry_lines, order_lines
from ui.screens import figures as f
from ui.screens.client import Client, Problem, Unreachable
from ui.screens.timeline import order_names
from ui.sse import Event

WIDTH: Final = 100  # columns
AT_ONCE: Final = timedelta(milliseconds=250)
AT_MOST: Final = timedelta(seconds=8)  # between two tries
LATER: Final = frozenset({429, 503})  # an answer that another try may change
SEQUENCE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def tail(
    trace: Annotated[str, typer.Option(help="entries of this trace")] = "",
    actor: Annotated[str, typer.Option(help="of this person (login or id), or a process: worker")] = "",
    account: Annotated[str, typer.Option(help="that concern this account")] = "",
    kind: Annotated[str, typer.Option("--type", help="of these kinds: OrderFilled,OrderReleased")] = "",
    since: Annotated[str, typer.Option(help="from this sequence, UTC day or time on")] = "",
    last: Annotated[int, typer.Option(min=1, max=200, help="begin with the newest so many")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="print each entry as a line of JSON")] = False,
    external: Annotated[
        bool, typer.Option("--external", help="orders alone, in the form that other systems read")
    ] = False,
    follow: Annotated[bool, typer.Option(help="stay, and print what comes")] = True,
) -> None:
    """Follow the record of your book: who did what, as it happens. Ctrl-C ends it."""
    named = {"trace": trace, "actor": actor, "account": account, "type": kind}
    query = {name: value for name, value in named.items() if value} | _beginning(since, last)
    path = "/v1/feed/orders" if external else "/v1/audit/feed"
    # A shell that starts it in the background has Ctrl-C ignored, and so would we.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with signed_in() as client:
            tell = _as_json if as_json else _Teller(client, _console()).tell
            for event in followed(client, path, query, follow=follow):
                tell(event)
    except KeyboardInterrupt:
        return


def _beginning(since: str, last: int) -> dict[str, str | int]:
    """Where to begin, as the API takes it.

    Raises:
        BadInput: `since` is neither a sequence nor a time.
    """
    if not since:
        return {"last": last}
    if SEQUENCE.fullmatch(since):
        return {"after": max(0, int(since) - 1)}
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise BadInput(
            f"{since!r} is neither a sequence nor a time",
            fix="write it like 1200 or 2022-12-29T15:00:00Z",
            field="since",
        ) from None
    return {"since": (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()}


def followed(
    client: Client,
    path: str,
    query: dict[str, str | int],
    *,
    follow: bool,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """The events of a feed over any number of connections; without `follow`, until it has caught up.

    Raises:
        Problem, Unreachable: nothing came at all, or no other try mends it.
        SignInRequired: the session has ended.
        WorldFailed: the feed was stopped for good.
    """
    going = _Going()
    while True:
        try:
            for event in client.feed(path, query, last_id=going.last_id):
                going.came(event)
                if event.name in {"entry", "order"}:
                    yield event
                if event.name == "heartbeat" and event.data["caught_up"] and not follow:
                    return
        except (Problem, Unreachable) as no:
            going.no(no)
        pause(going.waits.total_seconds())
        going.waits = min(going.waits * 2, AT_MOST)


@dataclass(slots=True)
class _Going:
    """Where a tail is, and how long it waits before its next try."""

    last_id: str = ""
    waits: timedelta = AT_ONCE
    said: set[str] = field(default_factory=set)

    def came(self, event: Event) -> None:
        """Take note of an event.

        Raises:
            SignInRequired: the session has ended.
            WorldFailed: the feed was stopped for good.
        """
        self.last_id = event.id or self.last_id
        if event.name == "trouble":
            self.say(f"{event.data['says']}; the feed goes on when it does")
            return
        self.waits = AT_ONCE
        self.said.clear()
        if event.name != "end" or event.data["code"] == "slow_reader":
            return
        if event.data["code"] == "session_ended":
            raise SignInRequired(str(event.data["says"]), fix="run `gatehouse login`")
        raise WorldFailed(str(event.data["says"]), fix=str(event.data["fix"]))

    def no(self, no: Problem | Unreachable) -> None:
        """Take note that the connection ended.

        Raises:
            Problem, Unreachable: nothing came yet, or no other try mends it.
        """
        if not self.last_id or (isinstance(no, Problem) and no.status not in LATER):
            raise no
        self.say("the front does not answer; trying again")

    def say(self, words: str) -> None:
        """On stderr, once for each silence."""
        if words not in self.said:
            self.said.add(words)
            typer.echo(f"gatehouse: {words}", err=True)


class _Teller:
    """Prints what comes for reading, and knows the orders that came by."""

    def __init__(self, client: Client, out: Console) -> None:
        self._client = client
        self._out = out
        self._orders: dict[str, str] = {}

    def tell(self, event: Event) -> None:
        width = self._out.width
        if event.name == "order":
            lines = order_lines(event.data, event.id, width=width)
        else:
            self._learn(event.data)
            lines = entry_lines(event.data, self._orders, width=width)
        for line in lines:
            self._out.print(line, soft_wrap=True)

    def _learn(self, entry: Mapping[str, Any]) -> None:
        """The name of the entry's order: from the entry, or asked for once."""
        self._orders = {**order_names([entry]), **self._orders}
        order = entry["payload"].get("order")
        if isinstance(order, str) and order not in self._orders:
            self._orders[order] = self._asked(order)

    def _asked(self, order: str) -> str:
        try:
            events = self._client.order_events(order)
        except (Problem, Unreachable):
            return order  # its id, which is what the entry itself says
        first = events[0] if events else None
        return f"{first['side']} {f.shares(first['quantity'])} {first['symbol']}" if first else order


def _as_json(event: Event) -> None:
    sys.stdout.write(json.dumps(dict(event.data), ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _console() -> Console:
    """For reading: as wide as the terminal is; a pipe gets lines of one width."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
