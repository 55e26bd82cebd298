"""What the append's codes mean, in words, and what mends them.

A test holds this table and the codes in the law's SQL equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.ledger.refusals_of_blocks import OF_BLOCKS
from core.ledger.refusals_of_emails import OF_EMAILS

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    **OF_BLOCKS,
    **OF_EMAILS,
    "account_not_empty": ("the account is closed, or holds or waits for something", "empty it first"),
    "alert_answered": ("somebody has acknowledged that alert", "see `gatehouse halts`"),
    "already_assessed": ("this proposal was assessed before", "read it again"),
    "already_decided": ("this proposal is past that decision", "read it again"),
    "already_released": ("this order was released before", "read it again"),
    "already_requested": ("the business day is already being moved", "wait for the worker, then look again"),
    "approval_missing": (
        "no independent principal has approved exactly this",
        "a principal approves it first",
    ),
    "authenticator_enrolled": ("you have an authenticator already", "remove it first, with a code of it"),
    "batch_decided": ("the batch is past that decision", "read it again"),
    "batch_decides": ("this proposal is a row of a batch that waits for a decision", "decide on the batch"),
    "batch_malformed": (
        "a batch has 2 to 100 different proposals, in the order of their ids",
        "assemble it anew",
    ),
    "batch_misstated": ("the batch's tier or dollars are not those of its rows", "assemble it anew"),
    "batch_void": (
        "a row of the batch has changed or ended",
        "assemble what is left anew, or decide one by one",
    ),
    "bounds_reached": ("the standing approval's bounds are reached", "a principal decides"),
    "cancel_asked": ("somebody has asked to cancel it already", "look at the order"),
    "cash_not_free": ("the account's free cash does not cover the purchases", "draft it anew with less"),
    "compliance_missing": ("that takes somebody of compliance", "ask compliance"),
    "consent_missing": ("the client has not consented to exactly this", "record the client's consent"),
    "consent_not_needed": ("the account is discretionary: no consent is needed", "go on without it"),
    "content_mismatch": ("the assessed content is not of this proposal", "assess it from its own request"),
    "correction_misstated": (
        "the correction is not the next one of what that execution stands at",
        "read the order again and ask the venue",
    ),
    "day_closed": ("the business day is closed", "wait until operations opens the next one"),
    "day_limit_reached": (
        "the orders of the business day would go beyond a limit",
        "ask for less, or go on tomorrow",
    ),
    "day_loss_reached": (
        "what that agent, strategy or signal drafted today has lost more than the limit",
        "it may still sell; purchases go on tomorrow, or by a person",
    ),
    "deputy_out_of_bounds": ("a deputy stands in from today on, for at most 90 days", "name other days"),
    "difference_open": ("that difference stands open already", "see `gatehouse reconcile`"),
    "digest_mismatch": ("the fingerprint is not that of the current content", "read the proposal again"),
    "draw_holds": ("the standing approval that was drawn on still holds", "revoke it first"),
    "draw_misstated": ("the draw's figures are not the proposal's", "read both again"),
    "drawn_before": ("a standing approval was drawn on for this proposal before", "a principal decides"),
    "escalation_misstated": ("those are not the people or the ladder that are next", "read both again"),
    "execution_busted": ("the venue took this execution back before", "read the order again"),
    "execution_known": ("this execution was counted before", "read the order again"),
    "execution_malformed": (
        "the trade date or the settlement date of the execution cannot be",
        "ask the venue what it executed",
    ),
    "execution_unknown": ("the order has no such execution", "book the execution first"),
    "forgetting_asked": ("somebody has asked for that already", "confirm or decline it"),
    "forgotten_before": (
        "this subject is forgotten, or is being forgotten now",
        "there is nothing left to do",
    ),
    "funding_open": ("the sells that fund this buy have not ended", "wait for their fills"),
    "funds_others": (
        "purchases wait for what this sale brings",
        "wait for them, or cancel it and place an order of its own",
    ),
    "group": ("another entry of the same group was refused", "mend that one"),
    "halted": ("trading is stopped for that", "another person resumes it; nothing is lost meanwhile"),
    "halted_before": ("you have stopped that already", "see `gatehouse halts`"),
    "halted_by_you": ("you stopped it yourself", "another person resumes it"),
    "halts_changed": ("it was stopped once more meanwhile", "look at the reasons, then resume again"),
    "lapsed": ("the proposal was good for another business day", "draft it anew"),
    "lease_missing": (
        "no worker that has this order says so",
        "a worker takes it by itself; see `gatehouse doctor`",
    ),
    "lease_passed": ("another worker has this order now", "the worker begins anew by itself"),
    "leg_mismatch": ("the order differs from what was decided on", "use the decided content"),
    "legal_hold": ("a legal hold keeps the words about this subject", "two people lift it first"),
    "limits_changed": (
        "limits came into force that this was not assessed under",
        "it is assessed again by itself; look in a moment",
    ),
    "limits_in_past": (
        "the business day that these limits are for is over",
        "propose them for the day that runs or a later one",
    ),
    "limits_malformed": (
        "a routine proposal would be larger than one that a principal decides alone",
        "make the first tier no larger than the second",
    ),
    "limits_not_open": ("no limits wait for a decision", "see `limits show`"),
    "limits_open": ("other limits wait for a decision", "confirm or withdraw those first"),
    "lots_mismatch": (
        "a sale does not name the lots that it uses, or a purchase names some",
        "assess it again",
    ),
    "lots_not_free": ("a tax lot of the sale is sold or promised elsewhere", "draft it anew"),
    "malformed": ("the entry is not a JSON envelope", "send RFC 8785 text"),
    "malformed_bodies": ("a body is empty, too large, or one of too many", "send up to 64, of up to 1 MiB"),
    "malformed_event_id": ("event_id is not a UUID", "make a UUIDv7"),
    "malformed_event_type": ("event_type is not a name", "use a known event type"),
    "malformed_event_version": ("event_version is not the one that is written now", "use the kind's version"),
    "malformed_key": ("the key is longer than 200 bytes", "use a shorter one"),
    "malformed_mono_ns": ("mono_ns is not a string of digits", "send the monotonic clock's nanoseconds"),
    "malformed_occurred_at": (
        "occurred_at is not UTC with six decimals",
        "write it like 2022-12-29T15:00:00.000000Z",
    ),
    "malformed_payload": ("the payload does not fit its kind", "send the kind's fields"),
    "malformed_policy_decisions": (
        "policy_decisions is not a list of policy and result",
        "send a list of {policy, result}, two words each",
    ),
    "malformed_stream": ("the stream is not a name", "use letters, digits and . _ : - between slashes"),
    "malformed_stream_version": ("stream_version is not a positive number", "send the next version"),
    "malformed_trace_id": ("trace_id is not 32 hex digits", "send the trace of the cause"),
    "may_not_halt": (
        "that is not yours to stop or to answer for",
        "ask a principal, compliance or operations",
    ),
    "may_not_resume": ("your role does not resume trading", "ask a principal, compliance or operations"),
    "may_not_set_limits": ("limits are set by principals and compliance", "ask one of them"),
    "more_than_left": (
        "a sale that takes another's place carries at most what is left of that one",
        "ask for what is left, and place another order for more",
    ),
    "may_not_set_routing": ("how venues are chosen is set by principals and compliance", "ask one of them"),
    "no_authenticator": ("there is no authenticator to remove", "enrol one first"),
    "no_provenance": ("an agent's draft must say which words asked for it", "name the spans of the message"),
    "no_right": ("this login may not write that kind of event", "use the door that may"),
    "no_signal": ("a strategy drafts only what its own signal asks for", "send the signal"),
    "no_such_alert": ("there is no such alert that waits", "see `gatehouse halts`"),
    "no_such_batch": ("there is no such batch", "see `batches list`"),
    "no_such_body": ("the step names a text that is not kept", "keep it first"),
    "no_such_delegation": ("there is no such delegate", "see `people delegates`"),
    "no_such_deputy": ("you have named no deputy", "there is nothing to end"),
    "no_such_difference": ("no such difference stands open", "see `gatehouse reconcile`"),
    "no_such_hold": ("there is no such hold on that subject", "see `people holds`"),
    "no_such_leg": ("there is no such order in that proposal", "read the proposal again"),
    "no_such_person": ("nobody here has that id", "see `people list`"),
    "no_such_preference": ("there is no such preference of yours", "see `gatehouse preferences list`"),
    "no_such_request": ("there is no such request about that subject", "see `people holds`"),
    "no_such_scope": ("the firm has nothing of that name", "check how it is written: all, or venue:ARCADIA"),
    "no_such_standing": ("there is no such standing approval", "see `standing list`"),
    "no_such_step": ("the trade takes no such step now", "read the trade again"),
    "not_a_delegate": (
        "only another advisor stands in for an advisor",
        "name an advisor who is registered to take orders",
    ),
    "not_a_principal": ("only a principal decides that", "ask a principal"),
    "not_a_record_keeper": (
        "your role does not decide that about people's data",
        "ask compliance; operations, too, decides on requests to forget, and a principal on lifting a hold",
    ),
    "not_a_strategy": ("that program sends no signals", "ask operations to admit it as a strategy"),
    "not_all_reached": ("something of this subject is still stored", "delete that first"),
    "not_an_advisor": ("that is no advisor of the firm", "name the advisor whose book it is"),
    "not_an_ira": ("only an IRA has a required minimum distribution", "name an IRA"),
    "not_an_owner": ("that client owns no account that needs consent", "name an owner"),
    "not_approved": ("the proposal is not approved", "a principal approves it first"),
    "not_assessed": ("the proposal has not been assessed yet", "wait a moment, then read it again"),
    "not_canonical": ("the text is not the envelope's RFC 8785 form", "send RFC 8785 text and no other key"),
    "not_as_stored": (
        "the library has no such document, or says something else of it",
        "store the document; what is on record says what its row says",
    ),
    "not_confirmed": ("no other person has confirmed it", "another person confirms it first"),
    "not_covered": ("the standing approval does not cover this proposal", "a principal decides"),
    "not_due": ("the settlement date has not come", "wait until that business day opens"),
    "not_halted": ("trading is not stopped for that", "see `gatehouse halts`"),
    "not_her_words": (
        "a preference is kept from the advisor's own message in that conversation",
        "let her write it",
    ),
    "not_independent": ("you are not independent of this", "another principal decides"),
    "not_longer": ("that is not more than what holds now", "ask for more"),
    "not_next_session": (
        "only a person asks for another session, and only for the next one",
        "draft it for today, or for the next session",
    ),
    "not_operations": ("only operations does that", "ask operations"),
    "not_recommended_now": (
        "that symbol is not recommended at this time",
        "only a client's own sale goes on: say that it is unsolicited, and compliance decides",
    ),
    "not_registered": (
        "you do not hold the registration for this decision on its day",
        "somebody decides who holds S24, or S14 for compliance's part",
    ),
    "not_routed": (
        "no routing of that order goes to that venue",
        "route it first, with what the choice rests on",
    ),
    "not_released": ("the order has not been released", "release it first"),
    "not_requested": ("operations has not asked for that", "operations asks first"),
    "not_routine": ("the proposal is not routine", "a principal decides"),
    "not_set_aside": ("the order is not set aside", "see `orders show`"),
    "not_submitted": (
        "the advisor has not submitted this proposal",
        "the account's advisor submits it first",
    ),
    "not_the_advisor": (
        "only the account's advisor does that, or who stands in for her that day",
        "sign in as the account's advisor",
    ),
    "not_unsolicited": (
        "a plan of the firm's own is nobody else's idea",
        "leave it out, or draft the client's order alone",
    ),
    "not_waited": ("it has not waited for so long", "wait"),
    "not_watched": ("that is not watched", "see the watch list"),
    "not_yet": ("the business day has not ended", "wait for the close"),
    "not_your_thread": ("that conversation is not yours", "use one of your own"),
    "not_yours_to_assess": (
        "only what this very session has drafted is assessed here",
        "wait for the worker",
    ),
    "not_yours_to_cancel": (
        "the account's advisor, a principal or operations asks for that",
        "ask one of them",
    ),
    "nothing_to_correct": (
        "no order of that symbol was let out under that number, or it was another account's",
        "name the order that went wrong",
    ),
    "nothing_to_review": ("nothing was drawn on it on that day", "see `standing list`"),
    "order_count_reached": (
        "too many orders of the advisor within the window",
        "wait a moment, then submit it again",
    ),
    "order_ended": ("the order has ended: nothing of it is left to cancel", "look at the order"),
    "order_limit_reached": ("an order is larger than the limit in force", "draft it anew with less"),
    "other_approval_ended": (
        "the first approval of this no longer counts",
        "somebody else in that role approves it first",
    ),
    "outside_book": ("that household or account is not in your book", "choose one of your own"),
    "overfilled": ("more would be executed than was released", "stop and compare with the venue"),
    "part_not_due": ("the time of this part has not come", "wait for it"),
    "own_data": ("nobody decides about her own or her family's data", "another person decides"),
    "position_limit_reached": (
        "the position would be larger than the limit, open orders counted",
        "draft it anew with less",
    ),
    "preference_erased": ("that preference was erased before", "nothing is left to do"),
    "preference_kept": ("that preference is kept already", "see `gatehouse preferences list`"),
    "principal_missing": (
        "compliance has approved this; a principal is missing",
        "ask an independent principal",
    ),
    "program_drafts_only": (
        "a program drafts orders in its advisor's book and does nothing else",
        "a person does that",
    ),
    "quantity_mismatch": ("the quantity is not what was decided on", "use the decided quantity"),
    "rationale_not_drafted": (
        "the copilot gave no such draft of a rationale in this conversation",
        "write it in your own words",
    ),
    "reasons_missing": ("each finding needs your written reason", "write a reason for every finding"),
    "replace_mismatch": (
        "there is no such order of that account, security and side",
        "name the order that it is to replace",
    ),
    "replace_pending": (
        "another order is about to take that one's place",
        "wait for its venue's word, then look at both",
    ),
    "reconciliation_misstated": (
        "the comparison does not say what stands open on this business day",
        "compare again",
    ),
    "replace_asked": ("its venue is being asked to replace it already", "wait for the venue's word"),
    "replaced_order_open": (
        "the order whose place it takes has not ended, or what is left is not written",
        "wait for its venue's word",
    ),
    "replaces_another": ("its release does not name that order", "look at the release of the new order"),
    "request_decided": ("that was decided before", "see `people holds`"),
    "retention_runs": ("records of this subject must be kept longer", "wait for the end of the period"),
    "review_overdue": (
        "a list of its draws was not reviewed on the next business day",
        "a principal reviews it first",
    ),
    "routing_in_past": (
        "the business day that these routing rules are for is over",
        "propose them for the day that runs or a later one",
    ),
    "routing_malformed": (
        "a venue stands in a table twice, or every part of the score counts nothing",
        "name each venue once, and weigh a part of the score",
    ),
    "routing_not_in_force": (
        "that version of the routing rules does not decide now",
        "route by the version in force; see `routing show`",
    ),
    "routing_not_open": ("no routing rules wait for a decision", "see `routing show`"),
    "routing_open": ("other routing rules wait for a decision", "confirm or withdraw those first"),
    "routing_reason_missing": (
        "each weight that moves needs a written reason, and no other one",
        "write a reason for exactly what moves",
    ),
    "same_person": (
        "that takes another person than who asked; taking it back takes the asker",
        "another person decides",
    ),
    "schedule_over": ("the time of this order is over, or somebody stopped it", "see what is left of it"),
    "second_approver_missing": (
        "a batch of tier 3 takes compliance before the principal",
        "compliance approves it first",
    ),
    "self_approval": (
        "you cannot approve what you asked for, drafted or submitted",
        "another principal decides",
    ),
    "session_ended": ("your session has ended", "sign in again"),
    "set_aside_before": ("the order is set aside already", "operations has it tried again"),
    "shares_not_free": ("those shares are promised to another proposal or not held", "draft it anew"),
    "signals_off": ("signals are off for that account", "its advisor switches them on for the strategy"),
    "standing_decided": ("that was decided before", "see `standing list`"),
    "standing_not_in_force": (
        "the standing approval is not in force",
        "a principal decides; or propose another",
    ),
    "step_up_missing": (
        "this decision takes your code once more, or your password where you have no authenticator",
        "send it with the decision; it is good for two minutes, once",
    ),
    "step_up_wrong": ("that code or password is not right", "try again with the code that you see now"),
    "submission_missing": ("the account's advisor has not submitted exactly this", "she submits it first"),
    "terms_out_of_bounds": (
        "the terms name nobody who can be covered, or their amounts or days have no bound",
        "name advisors or households, growing amounts, and at most 90 days from today",
    ),
    "tier_too_low": ("the tier or the need for consent is understated", "assess it anew"),
    "too_large": ("the entry is larger than 256 KiB", "send less"),
    "too_many_bodies": ("your copilot has kept too much today", "ask for less, or go on tomorrow"),
    "too_many_drafts": ("there are too many open drafts", "decide on or withdraw some"),
    "too_many_preferences": ("fifty preferences are kept, which is the most", "erase one first"),
    "venue_beside": (
        "that venue only decides beside the others",
        "propose routing rules that let it take part; another person confirms them",
    ),
    "nothing_left": (
        "nothing is left of that plan in that account, or it was asked for",
        "read the trade proposal again",
    ),
    "route_unproven": (
        "a routing comes right behind the record of what that choice rests on",
        "write both in one group: the record, then the routing",
    ),
    "stands_alone": (
        "an entry of that kind is nothing without the one that follows it",
        "write both in one group",
    ),
    "trade_misstated": (
        "the figures are not what the trade's executions add up to",
        "read the trade again; reconcile with the custodian",
    ),
    "wrong_author": ("an agent's draft is its thread's, a person's has no agent", "use your own door"),
    "wrong_period": (
        "the days of a delegate run from one business day to another, at most 92 later, and are not over",
        "name other days",
    ),
    "wrong_rung": ("that is not the next rung of the ladder", "read it again"),
    "wrong_session": ("that is not the session to close or open next", "look at `day show`"),
    "wrong_state_of_day": ("the business day is not in that state", "look at `day show`"),
    "wrong_stream": ("that event does not belong to this stream", "use its own stream"),
    "wrong_ticket": ("that ticket is not good at this door", "present the ticket of your own session"),
}


def in_words(code: str) -> tuple[str, str]:
    """What went wrong, and the fix. A code that has no words yet is shown as it is."""
    return WORDS.get(code, (f"refused: {code}", "ask the firm's administrator"))
