"""`gatehouse proposals ...`: what one may decide, from the terminal.

Rule 1: a decision is on the fingerprint that was shown: `--digest` says which; without it the command shows
    the proposal and asks.
Rule 2: a reason for each finding comes as `--reason policy=words`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.errors import BadInput
from ui.commands.asked import typed
from ui.commands.session import console, print_json, signed_in
from ui.screens import deciding
from ui.screens import figures as f
from ui.screens.client import Client
from ui.screens.told_once import parts_of, told_once

BOTH: Final = 3  # the tier that takes a principal and compliance

Json = Annotated[bool, typer.Option("--json", help="print the answer as JSON")]
Named = Annotated[str, typer.Argument(help="the proposal's id")]
Digest = Annotated[str, typer.Option(help="the fingerprint that you saw")]
Reasons = Annotated[list[str], typer.Option("--reason", help="policy=words, once for each finding")]


def list_(
    waits_for: Annotated[str, typer.Option(help="advisor, principal, consent, release, fills ...")] = "",
    status: Annotated[str, typer.Option(help="a state, as `assessed`")] = "",
    as_json: Json = False,
) -> None:
    """Trade proposals of your book, newest first."""
    filters = {k: v for k, v in {"waits_for": waits_for, "status": status}.items() if v}
    with signed_in() as client:
        rows = client.proposals(**filters)
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("Proposal", "Household", "What", "State"):
        table.add_column(title, no_wrap=True)
    for title in ("Tickets", "Dollar value", "Tier"):
        table.add_column(title, justify="right")
    table.add_column("Waits for")
    for row in rows:
        table.add_row(
            row["proposal"],
            escape(row["household_name"]),
            f.kind_of(row),
            f.state(row),
            str(row["order_count"]),
            f.dollars(row["dollars"]),
            str(row["tier"] or f.DASH),
            f.WAITS_WORDS.get(row["waits_for"], row["waits_for"]),
        )
    console().print(table if rows else "No trade proposals.")


def show(proposal: Named, as_json: Json = False) -> None:
    """One trade proposal: order tickets, checks, tax and cost, fingerprint, orders."""
    with signed_in() as client:
        found = client.proposal(proposal)
    if as_json:
        print_json(found)
    else:
        card(console(), found)


def submit(
    proposal: Named,
    digest: Digest = "",
    reason: Reasons = [],  # noqa: B006
    solicited: Annotated[
        bool | None, typer.Option("--solicited/--unsolicited", help="whose idea it was")
    ] = None,
    rationale: Annotated[str, typer.Option(help="why it is done, in your own words")] = "",
    adopt_draft: Annotated[
        bool, typer.Option("--adopt-draft", help="the copilot's draft becomes your rationale")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a trade proposal yours: you are the account's advisor."""
    said: dict[str, Any] = {}
    if solicited is not None:
        said["solicited"] = "solicited" if solicited else "unsolicited"
    if rationale:
        said["rationale"] = rationale
    if adopt_draft:
        said |= _draft_of(proposal, rationale)
    _decide(proposal, "submit", digest, as_json, reasons=_reasons(reason), **said)


def _draft_of(proposal: str, words: str) -> dict[str, str]:
    """The copilot's draft of a rationale as one's own, or one's own words for it."""
    with signed_in() as here:
        draft = here.proposal(proposal)["rationale"]
    if draft is None or draft["by"] is not None:
        raise BadInput("the copilot gave no draft of a rationale", fix="write yours", field="adopt_draft")
    return {"rationale": words or draft["text"][:4000], "rationale_drafted_in": draft["drafted_in"]}


def consent(
    proposal: Named,
    client: Annotated[str, typer.Option(help="the client's id or name")],
    channel: Annotated[str, typer.Option(help="phone, meeting or letter")],
    digest: Digest = "",
    as_json: Json = False,
) -> None:
    """Record that a client agreed to exactly this, today: one for each account that is not discretionary."""
    with signed_in() as here:
        seen = digest or _shown_and_confirmed(here, proposal, "consent")
        who = _owner(here.proposal(proposal), client)
        answer = here.decide(proposal, "consent", {"digest": seen, "client": who, "channel": channel})
    _told(answer, "consent", as_json)
    if not as_json:
        for one in answer["missing"]:
            console().print(f"Still missing: {_missing(one)}.")


def _owner(found: Any, named: str) -> str:
    """The id of the client who is called so; what is no name of an owner is taken as an id."""
    owners = {owner["name"].lower(): owner["client"] for one in found["consents"] for owner in one["owners"]}
    return str(owners.get(named.lower(), named))


def _missing(one: Any) -> str:
    owners = " or ".join(f"{owner['name']} ({owner['client']})" for owner in one["owners"])
    return f"the consent of {escape(owners)} for {one['account']}"


def approve(
    proposal: Named,
    digest: Digest = "",
    reason: Reasons = [],  # noqa: B006
    code_stdin: Annotated[
        bool, typer.Option("--code-stdin", help="read the code or password from standard input")
    ] = False,
    as_json: Json = False,
) -> None:
    """Approve exactly this fingerprint: you are an independent principal. Of tier 3 it takes compliance as
    well, and from each the code of an authenticator, or the password where there is none."""
    with signed_in() as client:
        seen = digest or _shown_and_confirmed(client, proposal, "approve")
        body: dict[str, Any] = {"digest": seen, "reasons": _reasons(reason)}
        found = client.proposal(proposal)
        if found["tier"] == BOTH and found["bar"] is None:
            body["step_up"] = proof(client, code_stdin)
        answer = client.decide(proposal, "approve", body)
    _told(answer, "approve", as_json)
    if answer["missing"] and not as_json:
        console().print(f"It needs one more: {' and '.join(answer['missing'])}.")


def proof(client: Client, from_stdin: bool) -> dict[str, str]:
    """What proves once more who decides: typed without echo, and in no word of the command."""
    if client.authenticator()["enrolled"]:
        return {"totp": typed("The code that your authenticator shows", from_stdin)}
    return {"password": typed("Your password", from_stdin)}


def return_(
    proposal: Named,
    comment: Annotated[str, typer.Option(help="what the advisor should change")],
    digest: Digest = "",
    line: Annotated[list[str], typer.Option(help="number=words, beside that order ticket")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Give it back with comments, also beside single order tickets. It ends; its successor is checked
    anew."""
    lines = dict(_pairs(line, "line", "number=words, as `proposals show` numbers the order tickets"))
    _decide(proposal, "return", digest, as_json, comment=comment, comments=lines)


def decline(
    proposal: Named,
    reason: Annotated[str, typer.Option(help="why not")],
    digest: Digest = "",
    as_json: Json = False,
) -> None:
    """Say no, with the reason."""
    _decide(proposal, "decline", digest, as_json, reason=reason)


def withdraw(proposal: Named, as_json: Json = False) -> None:
    """Take it back, before anything of it is released."""
    with signed_in() as client:
        _told(client.decide(proposal, "withdraw", {}), "withdraw", as_json)


def _decide(proposal: str, step: str, digest: str, as_json: bool, **body: Any) -> None:
    with signed_in() as client:
        seen = digest or _shown_and_confirmed(client, proposal, step)
        _told(client.decide(proposal, step, {"digest": seen, **body}), step, as_json)


def _shown_and_confirmed(client: Client, proposal: str, step: str) -> str:
    """The fingerprint of what was just shown, after a yes."""
    found = client.proposal(proposal)
    out = Console(stderr=True, highlight=False)
    card(out, found)
    if found["digest"] is None:
        raise BadInput(
            "this trade proposal has no fingerprint", fix="wait for its checks, or read why it ended"
        )
    typer.confirm(f"{step.capitalize()} {f.tickets(found['order_count'])}?", abort=True, err=True)
    return str(found["digest"])


def submit_shown(out: Console, client: Client, proposal: str) -> None:
    """Submit from a conversation, after showing it and a yes."""
    digest = _shown_and_confirmed(client, proposal, "submit")
    soft = dict.fromkeys(
        check["policy"] for check in client.proposal(proposal)["findings"] if check["result"] == "finding"
    )
    reasons = {policy: typer.prompt(f"Your reason: {f.check_name(policy)}", err=True) for policy in soft}
    client.decide(proposal, "submit", {"digest": digest, "reasons": reasons})
    out.print("Submitted. A principal decides now.")


def _reasons(given: list[str]) -> dict[str, str]:
    return dict(_pairs(given, "reason", "policy=words"))


def _pairs(given: list[str], field: str, form: str) -> list[tuple[str, str]]:
    pairs = [one.partition("=") for one in given]
    for name, sign, text in pairs:
        if not sign or not name or not text:
            raise BadInput(f"the {field} {name!r} cannot be read", fix=f"write {form}", field=field)
    return [(name, text) for name, _, text in pairs]


def _told(answer: Any, step: str, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    again = ", as it was before" if answer["repeated"] else ""
    console().print(f"Recorded: {step}, entry {answer['seq']}{again}.")


def card(out: Console, found: Any) -> None:
    """A trade proposal for reading."""
    name, waits = escape(found["household_name"]), f.WAITS_WORDS.get(found["waits_for"], found["waits_for"])
    out.print(f"\n[bold]{f.kind_of(found)} · {name}[/]  [dim]{found['proposal']}[/]")
    tickets = f"{f.tickets(found['order_count'])} · {f.dollars(found['dollars'])}"
    out.print(f"{f.state(found)} · waits for {waits} · tier {found['tier'] or f.DASH} · {tickets}")
    for one in found["approvals"]:
        counts = "" if one["counts"] else ", which counts no more"
        out.print(f"Approved by {found['people'].get(one['person'], one['person'])}, {one['role']}{counts}.")
    if says := deciding.missing(found):
        out.print(f"[bold]{says.capitalize()}.[/]")
    if found["bar"]:
        out.print(f"You cannot approve it: {escape(found['bar']['says'])}; {escape(found['bar']['fix'])}.")
    for one in found["consents"]:
        given = f"{escape(str(one['name']))} consented for {one['account']}"
        out.print(f"{given}." if one["client"] else f"Missing: {_missing(one)}.")
    if found["corrects"]:
        about = f"About order {found['corrects']['order']}, as operations wrote"
        out.print(f"{about}: {escape(found['corrects']['cause'])}")
    if found["remainder_of"]:
        left = "the time of" if found["kind"] == "order" else "the sales of"
        out.print(f"What {left} {found['remainder_of']} did not bring about, asked once more.")
    if found["solicited"]:
        out.print(f"{str(found['solicited']).capitalize()}, as submitted.")
    if found["rationale"]:
        whose = (
            "Rationale" if found["rationale"]["by"] else "The copilot's draft of a rationale, nobody's yet"
        )
        out.print(f"{whose}: {escape(found['rationale']['text'])}")
    if found["legs"]:
        out.print(_tickets(found["legs"]))
    for row in (found["preview"] or {}).get("accounts", ()):
        out.print(_account(row))
    for check in told_once([one for one in found["findings"] if one["result"] != "pass"]):
        of = f", {parts_of(check)}" if parts_of(check) else ""
        out.print(f"[bold]{f.check_name(check['policy'])}[/] {check['result']}{of}: {escape(check['says'])}")
    for one in found["changes"]:
        if one["what"] != "same":
            out.print(_changed(one))
    for order in found["orders"]:
        if Decimal(order["filled"]):
            out.print(
                f"[dim]{order['side']} {order['symbol']} at {order['venue']}: {f.shares(order['filled'])} of "
                f"{f.shares(order['quantity'])} filled at {f.price(order['average_price'])}[/]"
            )
    for difference in found["differences"]:
        out.print(f"Moved: {escape(difference)}")
    if found["closing"]:
        out.print(f"“{escape(found['closing'])}”")
    for one in found["comments"]:
        out.print(f"Order ticket {one['leg']}: “{escape(one['text'])}”")
    if found["successor"]:
        out.print(f"Its successor is {found['successor']}.")
    out.print(f"[dim]fingerprint {found['digest'] or f.DASH}\ntrace       {found['trace']}[/]")


def _changed(one: Any) -> str:
    before, after = (f.shares(t["quantity"]) if t else "none" for t in (one["before"], one["after"]))
    said = f" (“{escape(one['comment'])}”)" if one["comment"] else ""
    return (
        f"{one['side'].capitalize()} {one['symbol']} in {one['account']}: {before} before, {after} now{said}"
    )


def _tickets(legs: Any) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("No.", justify="right")
    table.add_column("Order ticket")
    table.add_column("Account")
    for title in ("Quantity", "Limit", "Reference", "Dollar value"):
        table.add_column(title, justify="right")
    for leg in legs:
        worth = Decimal(leg["quantity"]) * Decimal(leg["reference_price"])
        table.add_row(
            str(leg["leg"]),
            f"{leg['side'].capitalize()} {leg['symbol']}",
            leg["account"],
            f.shares(leg["quantity"]),
            f.price(leg["limit_price"]),
            f.price(leg["reference_price"]),
            f.dollars(worth),
        )
    return table


def _account(row: Any) -> str:
    if row.get("set_aside"):
        return f"{row['account']}: nothing proposed, {escape(row['set_aside'])}"
    return (
        f"{row['account']}: drift {f.percent(row['drift_before'])} to {f.percent(row['drift_after'])}, "
        f"tax {f.dollars(row['estimated_tax'])}, cost {f.dollars(row['estimated_cost'], cents=True)}, "
        f"cash then {f.dollars(row['cash_after'])}"
    )
