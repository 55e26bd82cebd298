"""`gatehouse chat`: a conversation with the copilot in the terminal.

Rule 1: what the copilot says is printed as text: no markup and no control sequence of its words gets through.
Rule 2: it drafts; whoever types `/submit` here submits, with her own session, what was just shown to her.
Rule 3: Ctrl-C while it answers stops it there, and it says what was done. A second one leaves.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Thread, current_thread, main_thread
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from core.errors import GatehouseError, NotFound, WorldFailed
from ui.commands import preferences
from ui.commands.proposals import card, submit_shown
from ui.commands.session import console, print_json, signed_in
from ui.commands.told import laid_out, printed, sources
from ui.screens.client import Client, Problem, Unreachable

HELP: Final = (
    "Ask in plain English. /show or /submit the trade proposal, /preferences you stated, /erase ID one of "
    "them, Enter alone looks for news, Ctrl-C stops an answer, /quit"
)
SHOWN_WHILE_WRITING: Final = 12  # lines of an answer that is still being written


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
    drafted: list[str] = []
    heard: set[str] = set()
    while True:
        if drafted:
            _news(out, client, thread, heard)
        try:
            text = out.input("\n[bold cyan]you[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            out.print()
            return
        if text in {"/quit", "/q"}:
            return
        if text.startswith(("/show", "/submit")):
            _with_draft(out, client, text, drafted)
        elif text.startswith("/"):
            _of_preferences(out, client, text)
        elif text:
            try:
                fresh = [one for one in _turn(client, thread, text, as_json=False) if one not in drafted]
                _drafted(out, fresh, len(drafted))
                drafted += fresh
            except GatehouseError as no:  # said; the conversation goes on
                out.print(f"[bold]{printed(no.says)}[/]; {printed(no.fix)}.")
            heard |= {message["text"] for message in client.messages(thread)}


def _of_preferences(out: Console, client: Client, text: str) -> None:
    """Show what she prefers, erase one of them, or say what can be asked."""
    try:
        if text == "/preferences":
            preferences.tell(out, client.preferences())
        elif text.startswith("/erase "):
            client.erase_preference(text.removeprefix("/erase ").strip())
            out.print("[dim]It is erased.[/]")
        else:
            out.print(f"[dim]{HELP}[/]")
    except GatehouseError as no:
        out.print(f"[bold]{printed(no.says)}[/]; {printed(no.fix)}.")


def _with_draft(out: Console, client: Client, text: str, drafted: list[str]) -> None:
    """`/show` or `/submit`, with a number where there are several: the newest without one."""
    verb, _, number = text.partition(" ")
    place = int(number) if number.strip().isdecimal() else len(drafted)
    if not 1 <= place <= len(drafted):
        out.print("[dim]There is no such trade proposal in this conversation.[/]")
    elif verb == "/show":
        card(out, client.proposal(drafted[place - 1]))
    elif verb == "/submit":
        submit_shown(out, client, drafted[place - 1])


def _news(out: Console, client: Client, thread: str, heard: set[str]) -> None:
    """Say what the copilot answers since: a trade proposal was decided, or filled. Adds to what was heard."""
    client.nudge(thread)
    for message in client.messages(thread):
        if message["role"] == "copilot" and message["text"] not in heard:
            heard.add(message["text"])
            _answered(out, message)


def _turn(client: Client, thread: str, text: str, *, as_json: bool) -> list[str]:
    """One question and its answer. The proposals that it parked on."""
    out, parked = console(), list[str]()
    writing = Text(style="dim")
    live = Live(writing, console=out, transient=True) if out.is_terminal and not as_json else nullcontext()
    with _stoppable(out, client, thread), live:
        for event in client.say(thread, text, key=uuid4().hex):
            if event.name == "parked":
                parked.append(str(event.data["proposal"]))
            if as_json:
                print_json({"event": event.name, **event.data})
            elif event.name == "step":
                out.print(f"[dim]· {printed(event.data.get('agent', ''))} {printed(event.data['says'])}[/]")
            elif event.name == "token":
                so_far = f"{writing.plain}{Text.from_markup(printed(event.data['text'])).plain}"
                writing.plain = "\n".join(so_far.splitlines()[-SHOWN_WHILE_WRITING:])
            elif event.name == "answer":
                writing.plain = ""
                _answered(out, event.data)
            if event.name == "error":
                raise WorldFailed(
                    str(event.data["says"]), fix=str(event.data.get("fix", "try again in a moment"))
                )
    return parked


def _drafted(out: Console, fresh: list[str], before: int) -> None:
    """How to go on with what was drafted just now."""
    for number, proposal in enumerate(fresh, before + 1):
        which = "" if number == 1 else f" {number}"
        out.print(
            f"[bold]/show{which}[/] the trade proposal, [bold]/submit{which}[/] it as yours. "
            f"[dim]{proposal}[/]"
        )


@contextmanager
def _stoppable(out: Console, client: Client, thread: str) -> Iterator[None]:
    """Ctrl-C in here asks the copilot to stop; its answer still comes. A second one is Ctrl-C as ever."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def told(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        Thread(target=_stop, args=(client, thread), daemon=True).start()
        out.print("[bold]Stopping.[/] [dim]Ctrl-C again leaves without its answer.[/]")

    signal.signal(signal.SIGINT, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(client: Client, thread: str) -> None:
    try:
        client.stop(thread)
    except (Problem, Unreachable):
        return  # the answer that is under way says what is wrong, or comes to its own end


def _answered(out: Console, answer: Any) -> None:
    out.print()
    for block in laid_out(answer["text"]):
        out.print(block)
    for line in sources(answer.get("sources", ())):
        out.print(line)
    out.print(f"[dim]model {printed(answer.get('model', ''))}[/]")
