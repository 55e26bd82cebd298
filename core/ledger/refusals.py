"""What the append's codes mean, in words, and what mends them.

A test holds this table and the codes in the law's SQL equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "account_not_empty": ("the account is closed, or holds or waits for something", "empty it first"),
    "already_assessed": ("this proposal was assessed before", "read it again"),
    "already_decided": ("this proposal is past that decision", "read it again"),
    "already_released": ("this order was released before", "read it again"),
    "already_requested": ("the business day is already being moved", "wait for the worker, then look again"),
    "approval_missing": (
        "no independent principal has approved exactly this",
        "a principal approves it first",
    ),
    "batch_decided": (
        "the batch is past that decision",
        "read it again",
    ),
    "batch_decides": (
        "this proposal is a row of a batch that waits for a decision",
        "decide on the batch",
    ),
    "batch_malformed": (
        "a batch has 2 to 100 different proposals, in the order of their ids",
        "assemble it anew",
    ),
    "batch_misstated": (
        "the batch's tier or dollars are not those of its rows",
        "assemble it anew",
    ),
    "batch_void": (
        "a row of the batch has changed or ended",
        "assemble what is left anew, or decide one by one",
    ),
    "bounds_reached": (
        "the standing approval's bounds are reached",
        "a principal decides",
    ),
    "cash_not_free": ("the account's free cash does not cover the purchases", "draft it anew with less"),
    "compliance_missing": ("that takes somebody of compliance", "ask compliance"),
    "consent_missing": ("the client has not consented to exactly this", "record the client's consent"),
    "consent_not_needed": ("the account is discretionary: no consent is needed", "go on without it"),
    "content_mismatch": ("the assessed content is not of this proposal", "assess it from its own request"),
    "day_closed": ("the business day is closed", "wait until operations opens the next one"),
    "deputy_out_of_bounds": (
        "a deputy stands in from today on, for at most 90 days",
        "name other days",
    ),
    "digest_mismatch": ("the fingerprint is not that of the current content", "read the proposal again"),
    "draw_holds": (
        "the standing approval that was drawn on still holds",
        "revoke it first",
    ),
    "draw_misstated": (
        "the draw's figures are not the proposal's",
        "read both again",
    ),
    "drawn_before": (
        "a standing approval was drawn on for this proposal before",
        "a principal decides",
    ),
    "escalation_misstated": (
        "those are not the people or the ladder that are next",
        "read both again",
    ),
    "forgetting_asked": ("somebody has asked for that already", "confirm or decline it"),
    "forgotten_before": (
        "this subject is forgotten, or is being forgotten now",
        "there is nothing left to do",
    ),
    "funding_open": ("the sells that fund this buy have not ended", "wait for their fills"),
    "group": ("another entry of the same group was refused", "mend that one"),
    "lapsed": ("the proposal was good for another business day", "draft it anew"),
    "leg_mismatch": ("the order differs from what was decided on", "use the decided content"),
    "legal_hold": ("a legal hold keeps the words about this subject", "two people lift it first"),
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
    "no_provenance": ("an agent's draft must say which words asked for it", "name the spans of the message"),
    "no_right": ("this login may not write that kind of event", "use the door that may"),
    "no_such_batch": (
        "there is no such batch",
        "see `batches list`",
    ),
    "no_such_body": ("the step names a text that is not kept", "keep it first"),
    "no_such_deputy": (
        "you have named no deputy",
        "there is nothing to end",
    ),
    "no_such_hold": ("there is no such hold on that subject", "see `people holds`"),
    "no_such_leg": ("there is no such order in that proposal", "read the proposal again"),
    "no_such_request": ("there is no such request about that subject", "see `people holds`"),
    "no_such_standing": (
        "there is no such standing approval",
        "see `standing list`",
    ),
    "not_a_principal": ("only a principal decides that", "ask a principal"),
    "not_a_record_keeper": (
        "your role does not decide that about people's data",
        "ask compliance; operations, too, decides on requests to forget, and a principal on lifting a hold",
    ),
    "not_all_reached": ("something of this subject is still stored", "delete that first"),
    "not_an_owner": ("that client owns no account that needs consent", "name an owner"),
    "not_canonical": ("the text is not the envelope's RFC 8785 form", "send RFC 8785 text and no other key"),
    "not_approved": ("the proposal is not approved", "a principal approves it first"),
    "not_assessed": ("the proposal has not been assessed yet", "wait a moment, then read it again"),
    "not_confirmed": ("no other person has confirmed it", "another person confirms it first"),
    "not_covered": (
        "the standing approval does not cover this proposal",
        "a principal decides",
    ),
    "not_independent": ("you are not independent of this proposal", "another principal decides"),
    "not_longer": ("that is not more than what holds now", "ask for more"),
    "not_operations": ("only operations moves the business day", "ask operations"),
    "not_registered": ("you hold no valid principal's registration today", "a registered principal decides"),
    "not_released": ("the order has not been released", "release it first"),
    "not_requested": ("operations has not asked for that", "operations asks first"),
    "not_routine": (
        "the proposal is not routine",
        "a principal decides",
    ),
    "not_submitted": (
        "the advisor has not submitted this proposal",
        "the account's advisor submits it first",
    ),
    "not_the_advisor": ("only the account's advisor does that", "sign in as the account's advisor"),
    "not_waited": (
        "it has not waited for so long",
        "wait",
    ),
    "not_yet": ("the business day has not ended", "wait for the close"),
    "not_your_thread": ("that conversation is not yours", "use one of your own"),
    "nothing_to_review": (
        "nothing was drawn on it on that day",
        "see `standing list`",
    ),
    "outside_book": ("that household or account is not in your book", "choose one of your own"),
    "own_data": ("nobody decides about her own or her family's data", "another person decides"),
    "quantity_mismatch": ("the quantity is not what was decided on", "use the decided quantity"),
    "reasons_missing": ("each finding needs your written reason", "write a reason for every finding"),
    "request_decided": ("that was decided before", "see `people holds`"),
    "retention_runs": ("records of this subject must be kept longer", "wait for the end of the period"),
    "review_overdue": (
        "a list of its draws was not reviewed on the next business day",
        "a principal reviews it first",
    ),
    "same_person": (
        "that takes another person than who asked; taking it back takes the asker",
        "another person decides",
    ),
    "second_approver_missing": (
        "a batch of tier 3 takes compliance before the principal",
        "compliance approves it first",
    ),
    "self_approval": (
        "you cannot approve what you asked for, drafted or submitted",
        "another principal decides",
    ),
    "session_ended": ("your session has ended", "sign in again"),
    "shares_not_free": ("those shares are promised to another proposal or not held", "draft it anew"),
    "standing_decided": (
        "that was decided before",
        "see `standing list`",
    ),
    "standing_not_in_force": (
        "the standing approval is not in force",
        "a principal decides; or propose another",
    ),
    "submission_missing": ("the account's advisor has not submitted exactly this", "she submits it first"),
    "terms_out_of_bounds": (
        "the terms name nobody who can be covered, or their amounts or days have no bound",
        "name advisors or households, growing amounts, and at most 90 days from today",
    ),
    "tier_not_offered": ("this needs a tier 3 decision, which is not offered yet", "propose less at once"),
    "tier_too_low": ("the tier or the need for consent is understated", "assess it anew"),
    "too_large": ("the entry is larger than 256 KiB", "send less"),
    "too_many_bodies": ("your copilot has kept too much today", "ask for less, or go on tomorrow"),
    "too_many_drafts": ("there are too many open drafts", "decide on or withdraw some"),
    "wrong_author": ("an agent's draft is its thread's, a person's has no agent", "use your own door"),
    "wrong_rung": (
        "that is not the next rung of the ladder",
        "read it again",
    ),
    "wrong_session": ("that is not the session to close or open next", "look at `day show`"),
    "wrong_state_of_day": ("the business day is not in that state", "look at `day show`"),
    "wrong_stream": ("that event does not belong to this stream", "use its own stream"),
    "wrong_ticket": ("that ticket is not good at this door", "present the ticket of your own session"),
}


def in_words(code: str) -> tuple[str, str]:
    """What went wrong, and the fix. A code that has no words yet is shown as it is."""
    return WORDS.get(code, (f"refused: {code}", "ask the firm's administrator"))
