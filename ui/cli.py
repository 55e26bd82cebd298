"""The command line: one table of commands, each imported only when it runs.

Rule 1: a command is a row of `COMMANDS` (its words, then `module:function` and the line that help shows)
    and a typer function in `ui/commands/<subject>.py`. Nothing else is needed to add one.
Rule 2: `gatehouse --help` imports no command.
Rule 3: a refusal is one line on stderr (what; the fix) and an exit code that is not zero; results go to
    stdout, so that `--json` can be piped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import typer

from core.errors import GatehouseError, IntegrityLost, OutcomeUnknown, RuleBroken, WorldFailed
from core.logs import plain

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "up": ("ui.commands.up:up", "Start everything and print the address."),
    "demo": ("evals.demo.command:demo", "Tell the product's story in a world of its own."),
    "halt": ("ui.commands.halt:halt", "Stop trading: all, or one scope as venue:ARCADIA."),
    "resume": ("ui.commands.halt:resume", "Resume it, as another person."),
    "halts": ("ui.commands.halt:halts", "What is stopped now, and alerts that wait."),
    "reconcile": ("ui.commands.reconcile:reconcile", "Compare with venues and custodians now."),
    "acknowledge": ("ui.commands.halt:acknowledge", "Acknowledge an alert."),
    "attack copilot": ("evals.attacks.command:copilot", "Let a copilot that was taken over try everything."),
    "people list": ("ui.commands.people:list_", "Who signs in here."),
    "people reset": ("ui.commands.people:reset", "Give somebody a new password."),
    "people enrol-totp": ("ui.commands.authenticator:enrol_totp", "Add an authenticator to yourself."),
    "people remove-totp": ("ui.commands.authenticator:remove_totp", "Take yours away, with a code of it."),
    "people reset-totp": ("ui.commands.authenticator:reset_totp", "Take away somebody's lost one."),
    "people delegates": ("ui.commands.staff:delegates", "Who stands in for whom."),
    "people delegate": ("ui.commands.staff:delegate", "Name who submits in your place."),
    "people confirm-delegate": ("ui.commands.staff:confirm_delegate", "Confirm what operations asked for."),
    "people end-delegate": ("ui.commands.staff:end_delegate", "End it now."),
    "people register": ("ui.commands.staff:register", "Record a registration's term."),
    "people pay": ("ui.commands.staff:pay", "Record what somebody's pay depends on."),
    "people reports-to": ("ui.commands.staff:reports_to", "Record to whom somebody reports."),
    "people related": ("ui.commands.staff:related", "Record somebody's related households."),
    "people forget": ("ui.commands.forget:forget", "Ask that a subject be forgotten."),
    "people confirm-forget": ("ui.commands.forget:confirm", "Another person confirms it."),
    "people decline-forget": ("ui.commands.forget:decline", "Say no to it."),
    "people withdraw-forget": ("ui.commands.forget:withdraw", "Take your own request back."),
    "people kept": ("ui.commands.forget:kept", "Why a subject cannot be forgotten now."),
    "people holds": ("ui.commands.forget:holds", "Legal holds and requests to forget."),
    "people hold": ("ui.commands.forget:hold", "Place a legal hold."),
    "people lift": ("ui.commands.forget:lift", "Lift a legal hold: two people."),
    "people keep": ("ui.commands.forget:keep", "Say no to lifting a hold."),
    "people rotate-key": ("ui.commands.forget:rotate_key", "A new key for a subject, or for all."),
    "bootstrap-db": ("ui.commands.database:bootstrap_db", "Make the database, its five logins and pgvector."),
    "migrate": ("ui.commands.database:migrate", "Bring the database to this version."),
    "doctor": ("ui.commands.doctor:doctor", "Check this machine and say what is missing."),
    "test": ("ui.commands.test:test", "Run every check and every test."),
    "bench": ("ui.commands.bench:bench", "Measure a named figure."),
    "simulate": ("ui.commands.simulate:simulate", "Run workers and venues on virtual time, by seeds."),
    "front": ("ui.commands.front:front", "Start the API and the screens in the foreground."),
    "login": ("ui.commands.login:login", "Sign in."),
    "logout": ("ui.commands.login:logout", "Sign out."),
    "chat": ("ui.commands.chat:chat", "Talk with the copilot."),
    "ingest": ("ui.commands.ingest:ingest", "Put documents into the firm's library."),
    "proposals list": ("ui.commands.proposals:list_", "Trade proposals of your book."),
    "proposals show": ("ui.commands.proposals:show", "One trade proposal in full."),
    "proposals correct": ("ui.commands.corrections:correct", "Draft a correction: operations."),
    "proposals submit": ("ui.commands.proposals:submit", "Make it yours: the account's advisor."),
    "proposals consent": ("ui.commands.proposals:consent", "Record the client's consent."),
    "proposals approve": ("ui.commands.proposals:approve", "Approve it: somebody independent."),
    "proposals return": ("ui.commands.proposals:return_", "Give it back with comments."),
    "proposals decline": ("ui.commands.proposals:decline", "Say no, with the reason."),
    "proposals withdraw": ("ui.commands.proposals:withdraw", "Take it back."),
    "emails list": ("ui.commands.emails:list_", "Held e-mails to clients."),
    "emails show": ("ui.commands.emails:show", "One in full, with what the rules found."),
    "emails adopt": ("ui.commands.emails:adopt", "Make a text yours: its advisor."),
    "emails review": ("ui.commands.emails:review", "Mark it reviewed: another principal."),
    "emails return": ("ui.commands.emails:return_", "Give it back with a comment."),
    "emails withdraw": ("ui.commands.emails:withdraw", "Drop it: its advisor."),
    "orders place": ("ui.commands.orders:place", "Place an order in your own book."),
    "orders replace": ("ui.commands.orders:replace", "Propose one that takes a live order's place."),
    "orders list": ("ui.commands.orders:list_", "Orders of your book."),
    "orders show": ("ui.commands.orders:show", "One order as it stands."),
    "orders cancel": ("ui.commands.orders:cancel", "Ask that it be executed no further."),
    "orders blocks": ("ui.commands.orders:blocks", "Orders that went to a venue together."),
    "orders redrive": ("ui.commands.orders:redrive", "Try one again that was set aside."),
    "allocation rule": ("ui.commands.allocation:rule", "How blocks are shared, version by version."),
    "allocation propose": ("ui.commands.allocation:propose", "Propose how blocks are shared."),
    "allocation confirm": ("ui.commands.allocation:confirm", "Another person confirms it."),
    "allocation change": ("ui.commands.allocation:change", "Draft other shares of one day: operations."),
    "allocation confirm-change": ("ui.commands.allocation:confirm_change", "Let them stand: compliance."),
    "allocation review-change": ("ui.commands.allocation:review_change", "Look at one that was overtaken."),
    "allocation step-out": ("ui.commands.allocation:step_out", "Another broker settles a trade."),
    "allocation give-up": ("ui.commands.allocation:give_up", "A trade is another broker's from here on."),
    "programs admit": ("ui.commands.programs:admit", "A key for a program that places orders."),
    "programs dismiss": ("ui.commands.programs:dismiss", "Its key ends."),
    "programs signals": ("ui.commands.programs:signals", "Let a strategy's signals draft in an account."),
    "audit tail": ("ui.commands.audit_tail:tail", "Follow the record as it grows."),
    "audit show": ("ui.commands.audit_show:show", "One trace, or what something was at a moment."),
    "limits show": ("ui.commands.limits:show", "The limits in force, and what is proposed."),
    "limits try": ("ui.commands.limits:try_", "What other limits would have changed."),
    "limits propose": ("ui.commands.limits:propose", "Propose other limits."),
    "limits confirm": ("ui.commands.limits:confirm", "Another person confirms them."),
    "limits withdraw": ("ui.commands.limits:withdraw", "Take a proposed set back."),
    "routing show": ("ui.commands.routing:show", "How venues are chosen, and what is proposed."),
    "routing try": ("ui.commands.routing:try_", "What would have gone elsewhere."),
    "routing propose": ("ui.commands.routing:propose", "Propose other rules."),
    "routing confirm": ("ui.commands.routing:confirm", "Another person confirms them."),
    "routing withdraw": ("ui.commands.routing:withdraw", "Take a proposed set back."),
    "routing quality": ("ui.commands.routing:quality", "How well one order was executed."),
    "routing review": ("ui.commands.routing:review", "A month or a quarter, by venue and symbol."),
    "day show": ("ui.commands.day:show", "Where the business day stands."),
    "day close": ("ui.commands.day:close", "Ask for the close of the business day."),
    "day open": ("ui.commands.day:open_", "Ask for the next business day."),
    "copilot": ("ui.commands.copilot:copilot", "Start the copilot, or show what it is made of."),
    "replay": ("ui.commands.replay:replay", "Run a recorded conversation again."),
    "standing list": ("ui.commands.standing:list_", "Standing approvals, and lists to review."),
    "standing propose": ("ui.commands.standing:propose", "Offer one, within bounds: a principal."),
    "standing confirm": ("ui.commands.standing:confirm", "Another person adopts its terms."),
    "standing revoke": ("ui.commands.standing:revoke", "End it at once."),
    "standing review": ("ui.commands.standing:review", "Say that you looked at each trade of a day."),
    "deputies list": ("ui.commands.deputies:list_", "Who is told when a proposal waits, and when."),
    "deputies name": ("ui.commands.deputies:name", "Say who is told first while you are away."),
    "deputies end": ("ui.commands.deputies:end", "You are back."),
    "batches list": ("ui.commands.batches:list_", "Batches of your book."),
    "batches show": ("ui.commands.batches:show", "One batch: rows, checks and one fingerprint."),
    "batches assemble": ("ui.commands.batches:assemble", "Put proposals together."),
    "batches submit": ("ui.commands.batches:submit", "Make every row yours."),
    "batches approve": ("ui.commands.batches:approve", "Approve every row."),
    "batches return": ("ui.commands.batches:return_", "Give every row back with comments."),
    "batches decline": ("ui.commands.batches:decline", "Decline every row."),
    "preferences list": ("ui.commands.preferences:list_", "What you stated to the copilot."),
    "preferences erase": ("ui.commands.preferences:erase", "Let it be shown to nobody any more."),
    "worker": ("ui.commands.worker:worker", "Run one worker in the foreground."),
    "witness": ("ui.commands.witness:witness", "Run the witness in the foreground."),
    "audit bodies": ("ui.commands.audit_bodies:audit_bodies", "Check the large texts beside the record."),
    "audit verify": ("ui.commands.audit:audit_verify", "Prove the record from the outside."),
    "audit rebuild": (
        "ui.commands.audit_rebuild:audit_rebuild",
        "Make the stored rows anew, or compare them.",
    ),
    "audit export": ("ui.commands.audit_export:audit_export", "Write it as a folder that proves itself."),
    "audit prove": ("ui.commands.audit_prove:audit_prove", "Prove that an entry is in it."),
    "audit consistent": ("ui.commands.audit_prove:audit_consistent", "Prove that it only grew."),
    "audit rotate-key": ("ui.commands.audit_rotate:audit_rotate_key", "Change the witness's signing key."),
    "venues": ("ui.commands.venues:venues", "How the venues are, as the workers see them."),
    "venue serve": ("ui.commands.venue:venue_serve", "Start one simulated venue in the foreground."),
    "custodian serve": ("ui.commands.custodian:custodian_serve", "Start the simulated custodians."),
}

GROUPS: Final[Mapping[str, str]] = {
    "attack": "Attacks on ourselves, in a world of their own.",
    "proposals": "Trade proposals: list, show, submit, approve, decline.",
    "orders": "Orders: place, replace, list, show, blocks, cancel, redrive.",
    "allocation": "How blocks are shared: rule, propose, confirm; change, confirm-change, review-change; "
    "step-out, give-up.",
    "programs": "Programs that place orders, and strategies' signals.",
    "audit": "The record: verify it, show it, follow it.",
    "limits": "The firm's limits: show, try, propose, confirm.",
    "routing": "How venues are chosen: show, try, propose, confirm, review.",
    "day": "The business day: show, close, open.",
    "people": "People: list, reset; authenticators, delegates, registrations; forget, hold, rotate keys.",
    "standing": "Standing approvals: what a principal gives in advance for routine proposals.",
    "deputies": "Escalation: who is told when a trade proposal waits for a principal.",
    "batches": "Batches: many trade proposals decided as one.",
    "emails": "Held e-mails to clients: list, show, adopt, review, return, withdraw. None is sent.",
    "preferences": "What you stated to the copilot: list, erase.",
    "venue": "Simulated venues.",
    "custodian": "Simulated custodians.",
}

# 2 is typer's own, for words that it cannot read.
EXIT_CODES: Final[Mapping[type[GatehouseError], int]] = {
    RuleBroken: 1,
    WorldFailed: 3,
    OutcomeUnknown: 4,
    IntegrityLost: 5,
}


def app(words: Sequence[str]) -> typer.Typer:
    """The whole command line, with only the command that `words` names really imported."""
    root = _group("A copilot for wealth-management advisors around a guarded execution core.")
    groups: dict[str, typer.Typer] = {}
    for name, (target, says) in COMMANDS.items():
        *group, verb = name.split()
        parent = root
        if group:
            parent = groups.setdefault(group[0], _group(GROUPS[group[0]]))
        called = list(words[: len(group) + 1]) == [*group, verb]
        parent.command(verb, help=None if called else says)(_imported(target) if called else _not_called)
    for name, group_app in groups.items():
        root.add_typer(group_app, name=name)
    return root


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    words = sys.argv[1:]
    plain()
    try:
        # Not by calling the app: that puts its own last words, with values, in place of ours.
        typer.main.get_command(app(words))(args=words, prog_name="gatehouse")
    except GatehouseError as no:
        typer.echo(f"gatehouse: {no}", err=True)
        raise SystemExit(exit_code(no)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def exit_code(no: GatehouseError) -> int:
    """By family: what the caller may do next."""
    return next((code for family, code in EXIT_CODES.items() if isinstance(no, family)), 1)


def _group(says: str) -> typer.Typer:
    return typer.Typer(
        help=says,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its frames print local values, secrets among them
        rich_markup_mode=None,
    )


def _imported(target: str) -> Callable[..., Any]:
    module, function = target.split(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def _not_called() -> None:
    """Stands for a command that this run does not call."""


if __name__ == "__main__":
    main()
