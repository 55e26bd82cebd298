"""`gatehouse chat`: a conversation with the copilot in the terminal.

Rule 1: what the copilot says is printed as text: no markup and no control sequence of its words gets through.
Rule 2: it drafts; whoever types `/submit` here submits, with her own session, what was just shown to her.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.console import Console
from rich.markup import escape

from core.errors import NotFound, WorldFailed
from ui.commands import preferences
from ui.commands.printed import printed
from ui.commands.proposals import card, submit_shown
from ui.commands.session import console, print_json, signed_in
from ui.screens.client import Client

HELP: Final = (
    "Ask a question, or: /submit the proposal, /show it again, /preferences you stated, /erase ID one of "
    "them, Enter alone looks for news, /quit"
)


def chat(
    question: Annotated[str, typer.Argument(help="one question; without it, a conversation")] = "",
    household: Annotated[str, typer.Option(help="pin it to this household, by id or name")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print each event as a line of JSON")] = False,
) -> None:
    """Talk with the copilot about your book of business."""
    with signed_in() as client:
        about = _household(client, household) if household else None
        thread = client.open_thread(about["household"] if about else None)
        if question:
            _turn(client, thread, question, as_json=as_json)
            return
        _conversation(client, thread, about)


def _household(client: Client, named: str) -> Any:
    rows = client.households()
    for row in rows:
        if named.lower() in {row["household"].lower(), row["name"].lower()}:
            return row
    close = [row for row in rows if named.lower() in row["name"].lower()]
    if len(close) == 1:
        return close[0]
    raise NotFound(f"no single household is called {named!r}", fix="use its id or its whole name")


def _conversation(client: Client, thread: str, about: Any) -> None:
    out = console()
    out.print(f"[bold]{escape(about['name']) if about else 'The whole book of business'}[/]  [dim]{HELP}[/]")
    parked: str | None = None
    heard: set[str] = set()
    while True:
        if parked:
            _news(out, client, thread, heard)
        try:
            text = out.input("\n[bold cyan]you[/] ").strip()
        except EOFError:
            return
        if text in {"/quit", "/q"}:
            return
        if text == "/preferences":
            preferences.tell(out, client.preferences())
        elif text.startswith("/erase "):
            client.erase_preference(text.removeprefix("/erase ").strip())
            out.print("[dim]It is erased.[/]")
        elif text in {"/submit", "/show"} and parked is None:
            out.print("[dim]There is no trade proposal in this conversation yet.[/]")
        elif text == "/show" and parked:
            card(out, client.proposal(parked))
        elif text == "/submit" and parked:
            submit_shown(out, client, parked)
        elif text:
            parked = _turn(client, thread, text, as_json=False) or parked
            heard |= {message["text"] for message in client.messages(thread)}


def _news(out: Console, client: Client, thread: str, heard: set[str]) -> None:
    """Say what the copilot answers since: a trade proposal was decided, or filled. Adds to what was heard."""
    client.nudge(thread)
    for message in client.messages(thread):
        if message["role"] == "copilot" and message["text"] not in heard:
            heard.add(message["text"])
            _answered(out, message, streamed=False)


def _turn(client: Client, thread: str, text: str, *, as_json: bool) -> str | None:
    """One question and its answer. The proposal that it parked on, where it did."""
    out, parked, streamed = console(), None, False
    for event in client.say(thread, text, key=uuid4().hex):
        if event.name == "parked":
            parked = str(event.data["proposal"])
        if as_json:
            print_json({"event": event.name, **event.data})
        elif event.name == "step":
            out.print(f"[dim]· {printed(event.data.get('agent', ''))}: {printed(event.data['says'])}[/]")
        elif event.name == "token":
            out.print(printed(event.data["text"]), end="")
            streamed = True
        elif event.name == "answer":
            _answered(out, event.data, streamed=streamed)
        if event.name == "error":
            raise WorldFailed(
                str(event.data["says"]), fix=str(event.data.get("fix", "try again in a moment"))
            )
    if parked and not as_json:
        card(out, client.proposal(parked))
    return parked


def _answered(out: Console, answer: Any, *, streamed: bool) -> None:
    out.print("" if streamed else printed(answer["text"]))
    for number, source in enumerate(answer.get("sources", ()), start=1):
        out.print(f"[dim]{escape(f'[{number}]')} {printed(source['says'])}[/]")
    out.print(f"[dim]model {printed(answer.get('model', ''))}[/]")
