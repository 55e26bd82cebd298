"""What each login can do, tried through plain SQL. A table, view or function that is not decided on fails.

Rule 1: the tables below are the decision. What they do not grant is tried, and must be refused.
Rule 2: reading is tried as every asker, by the rows that come back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from core.database.pools import conninfo
from core.worker.duties import AT_WORK
from tests.fixtures.firm import Firm

AGENT, INTAKE, APPROVER, GATE, WITNESS = "gh_agent", "gh_intake", "gh_approver", "gh_gate", "gh_witness"
ROLES: Final = (AGENT, INTAKE, APPROVER, GATE, WITNESS)
EVERYONE: Final = {AGENT: "S", INTAKE: "S", APPROVER: "S", GATE: "S"}
FOLDED: Final = {AGENT: "S", INTAKE: "S", APPROVER: "S", GATE: "SIUD"}
NOBODY: Final[Mapping[str, str]] = {}

# S select, I insert, U update, D delete. Truncate, references and triggers are nobody's.
TABLES: Final[dict[str, Mapping[str, str]]] = {
    # the record and its law: changed inside the append alone
    "gatehouse.journal": {GATE: "S", WITNESS: "S"},
    "gatehouse.head": {GATE: "S", WITNESS: "S"},
    "gatehouse.event_kind": {GATE: "S", WITNESS: "S"},
    "gatehouse.event_right": {GATE: "S", WITNESS: "S"},
    "gatehouse.stream_head": {WITNESS: "S"},
    "gatehouse.idempotency": NOBODY,
    "gatehouse.household": EVERYONE,
    "gatehouse.account": EVERYONE,
    "gatehouse.holding": EVERYONE,
    "gatehouse.proposal": EVERYONE,
    "gatehouse.decision": EVERYONE,
    "gatehouse.leg": EVERYONE,
    "gatehouse.replacing": EVERYONE,
    "gatehouse.cancel_draft": {AGENT: "S", APPROVER: "S"},
    "gatehouse.preference": {INTAKE: "S"},
    "gatehouse.held_email": {APPROVER: "S"},
    "gatehouse.thread": EVERYONE,
    "gatehouse.market_day": EVERYONE,
    # limits, and what of them is used
    "gatehouse.limit_version": EVERYONE,
    "gatehouse.limit_proposal": {INTAKE: "S", APPROVER: "S"},
    "gatehouse.reassessment": {GATE: "S"},
    "gatehouse.routing_version": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.routing_proposal": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.day_use": {APPROVER: "S", GATE: "S"},
    "gatehouse.order_burst": NOBODY,
    "gatehouse.lot_holding": {GATE: "S"},
    "gatehouse.trade": {AGENT: "S", INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.trade_step": NOBODY,
    "gatehouse.difference": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.reconciliation": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.execution": {GATE: "S"},
    "gatehouse.block": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.block_part": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.block_execution": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.block_allocation": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.block_share": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.goes_alone": {GATE: "S"},
    "gatehouse.allocation_rule": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.allocation_change": {INTAKE: "S", APPROVER: "S"},
    "gatehouse.held_deposit": NOBODY,
    # compliance's alone, by row policy
    "gatehouse.watch": {APPROVER: "S"},
    # standing approvals: given, drawn and reviewed inside the append alone
    "gatehouse.standing_approval": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.standing_day": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.standing_draw": EVERYONE,
    # batches
    "gatehouse.batch": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.batch_row": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.batch_approval": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    # what waits for a principal, and who is told
    "gatehouse.escalation": EVERYONE,
    "gatehouse.escalation_rung": {APPROVER: "S", GATE: "S"},
    "gatehouse.deputy": {APPROVER: "S", GATE: "S"},
    # who has which order: changed by the owner's functions alone
    "gatehouse.worker_lease": {INTAKE: "S", GATE: "S"},
    "gatehouse.claim": {INTAKE: "S", GATE: "S"},
    "gatehouse.order_wait": {INTAKE: "S", GATE: "SIUD"},
    "gatehouse.set_aside": {GATE: "S"},
    "gatehouse.route": {GATE: "S"},
    "gatehouse.remainder": EVERYONE,
    "gatehouse.schedule": EVERYONE,
    # people
    "gatehouse.person": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.registration": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    "gatehouse.machine": {APPROVER: "S"},
    "gatehouse.signal": {INTAKE: "S"},
    "gatehouse.signal_account": NOBODY,
    "gatehouse.credential": NOBODY,
    "gatehouse.pay": NOBODY,
    "gatehouse.delegation": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    # proving once more: read and changed by functions of the owner's alone
    "gatehouse.authenticator": NOBODY,
    "gatehouse.authenticator_offer": NOBODY,
    "gatehouse.step_up": NOBODY,
    "gatehouse.step_used": NOBODY,
    "gatehouse.pace": NOBODY,
    "gatehouse.failed_sign_in": NOBODY,
    "gatehouse.session": NOBODY,
    "gatehouse.live": NOBODY,
    "gatehouse.asker": NOBODY,
    "gatehouse.migration": NOBODY,
    # what the worker folds
    "gatehouse.follower": FOLDED,
    "gatehouse.reference": FOLDED,
    "gatehouse.lot": FOLDED,
    "gatehouse.position": FOLDED,
    "gatehouse.cash": FOLDED,
    "gatehouse.order_state": FOLDED,
    "gatehouse.quote": FOLDED,
    "gatehouse.venue_state": {INTAKE: "S", APPROVER: "S", GATE: "SIUD"},
    "gatehouse.snapshot": {GATE: "SID"},
    "gatehouse.snapshot_part": {GATE: "SID"},
    "gatehouse.journal_line": {INTAKE: "S", APPROVER: "S"},
    "gatehouse.block_line": {INTAKE: "S"},
    "gatehouse.account_index": {INTAKE: "S", GATE: "SIUD"},
    # people's data: changed inside the append alone, and by the worker's own function
    "gatehouse.forgetting": {APPROVER: "S", GATE: "S"},
    "gatehouse.legal_hold": {APPROVER: "S", GATE: "S"},
    "gatehouse.key_rotation": {APPROVER: "S", GATE: "S"},
    "gatehouse.subject_key": {APPROVER: "S", GATE: "S"},
    "gatehouse.retention_class": {APPROVER: "S", GATE: "S"},
    "gatehouse.account_closing": NOBODY,
    # halts and alerts: changed inside the append alone
    "gatehouse.halt": EVERYONE,
    "gatehouse.alert": {INTAKE: "S", APPROVER: "S", GATE: "S"},
    # large texts of agents' steps: kept by the owner's function alone
    "gatehouse.body": {INTAKE: "S", APPROVER: "S", GATE: "S", WITNESS: "S"},
    "gatehouse.body_use": NOBODY,
    # what models may cost: changed by the owner, and counted by the owner's functions alone
    "gatehouse.model_budget": NOBODY,
    "gatehouse.model_price": NOBODY,
    "gatehouse.model_use": NOBODY,
    "gatehouse.model_call": NOBODY,
    # the library: stored by the owner's function alone
    "gatehouse.document": {AGENT: "S", INTAKE: "S"},
    "gatehouse.passage": {AGENT: "S", INTAKE: "S"},
    # the copilot's own
    "copilot.checkpoint": {AGENT: "SIUD"},
    "copilot.checkpoint_write": {AGENT: "SIUD"},
    "copilot.embedding": NOBODY,  # what a person may not read, her copilot has no vector of
    "copilot.unindexed": NOBODY,
}

# Every function that some login may call; all others are the owner's, called by these.
FUNCTIONS: Final[dict[str, set[str]]] = {
    "append(jsonb)": {AGENT, INTAKE, APPROVER, GATE},
    "stream_versions(text[])": {AGENT, INTAKE, APPROVER, GATE},
    "asker_person()": set(ROLES),
    "asker_sees_all()": set(ROLES),
    "asker_books()": set(ROLES),
    "asker_is_program()": {INTAKE},
    "lineage(text)": {INTAKE, APPROVER},
    "my_bar(text)": {INTAKE, APPROVER},
    "approvals_of(text[])": {AGENT, INTAKE, APPROVER, GATE},
    "step_up_asks(text)": {APPROVER},
    "offer_authenticator(text,bytea)": {APPROVER},
    "step_up(text,text,text,bytea,text)": {APPROVER},
    "present(text)": {AGENT, INTAKE, APPROVER},
    "present_for_words(text)": {INTAKE},
    "present_machine(text)": {INTAKE},
    "moved_since(bigint)": {INTAKE},
    "open_session(text,bytea,uuid,bytea)": {INTAKE},
    "open_thread_session(text,text,uuid,bytea)": {INTAKE},
    "close_session(text)": {INTAKE},
    "sign_in_salt(text)": {INTAKE},
    "standing()": {INTAKE},
    "head_seq()": {INTAKE},
    "seq_before(timestamp with time zone)": {INTAKE},
    "account_lines(text[],bigint[])": {INTAKE},
    "moves_of(text)": {AGENT, INTAKE},
    "known_at(timestamp with time zone)": {INTAKE},
    "releasable(leg)": {GATE},
    "lapses(proposal,market_day)": {GATE},
    "waiting_of(text)": {INTAKE},
    "lease_begin(integer)": {GATE},
    "lease_beat()": {GATE},
    "lease_end()": {GATE},
    "lease_bury(integer,bigint)": {GATE},
    "let_alone(text)": {GATE},
    "awaits_block(leg)": {INTAKE, GATE},
    "block_of(text)": {INTAKE, GATE},
    "block_unshared(text)": {GATE},
    "change_due(text,text,numeric,integer)": {GATE},
    "emails_to_check(integer)": {GATE},
    "block_unbooked(text)": {GATE},
    "allocation_method()": {GATE},
    "lease_claim(integer)": {GATE},
    "lease_claim_late(text)": {GATE},
    "lease_holds(text)": {GATE},
    "has_remainder(text,text)": {GATE},
    "schedule_left(text)": {GATE},
    "schedule_over(text)": {GATE},
    "schedule_fault(leg,timestamp with time zone)": {GATE},
    "schedule_slot(schedule,timestamp with time zone)": {GATE},
    "releasable_now(leg)": {GATE},
    "consented(text)": {AGENT, INTAKE, APPROVER, GATE},
    "halt_fault(proposal,leg)": {GATE},
    "halted(text)": {AGENT, INTAKE, APPROVER, GATE},
    "limits_in_force()": {AGENT, INTAKE, APPROVER, GATE},
    "routing_in_force()": {INTAKE, APPROVER, GATE},
    "asker_is_compliance()": {INTAKE, APPROVER},
    "standing_candidates()": {GATE},
    "standing_undone()": {GATE},
    "standing_is_overdue(text)": {APPROVER},
    "escalation_waiting()": {GATE},
    "escalation_waits_since(text)": {AGENT, INTAKE, APPROVER, GATE},
    "batch_measure(text[])": {APPROVER},
    "head_holder()": {GATE},
    "end_head_holder(bigint)": {GATE},
    "forgetting_bars(text)": {APPROVER},
    "forgettings_due()": {GATE},
    "in_book(text)": {AGENT, INTAKE},
    "scopes_of(proposal,leg)": {APPROVER, GATE},
    "shown(text)": {AGENT, INTAKE, APPROVER, GATE},
    "forget_stores(text)": {GATE},
    "keep_bodies(text,text,integer[],bytea[])": {AGENT},
    "reserve_thought(text,text,text,bigint,bigint,bigint)": {AGENT},
    "settle_thought(text,uuid,bigint,bigint)": {AGENT},
    "model_use_today()": {AGENT, INTAKE},
    "library_open()": {AGENT, INTAKE},
    "library_store(jsonb,text[])": {INTAKE},
    "library_standing()": {INTAKE},
    "library_unindexed(integer)": {AGENT},
    "library_index(bigint,text,text)": {AGENT},
    "library_nearest(text,integer,date)": {AGENT},
    "library_search(text,text,integer,date)": {AGENT},
    "library_quoting(text,integer,date)": {AGENT},
}
INTERNAL: Final = {
    "acting_on",
    "actor_of",
    "allocation_change_fault",
    "allocation_fits",
    "approval_bar",
    "approvals_fault",
    "approved_as",
    "at_worst",
    "batch_fault",
    "batch_holds",
    "batch_proof",
    "batch_signer_fault",
    "batch_whole",
    "batch_whole_but",
    "block_moved",
    "block_part_end_fault",
    "block_step_fault",
    "block_totals",
    "change_fits",
    "change_in_force",
    "custodians_left_out",
    "bodies_stay",
    "book_fills",
    "book_of",
    "canonical",
    "canonical_envelope",
    "canonical_if_small",
    "canonical_part",
    "caps_fault",
    "carry_over",
    "cash_needed",
    "day_loss_fault",
    "day_lost",
    "day_scopes",
    "decided_today",
    "decision_fault",
    "decisions_text",
    "direct_pair",
    "draft_well_formed",
    "drawn",
    "email_digest",
    "email_fault",
    "email_well_formed",
    "end_proposal",
    "envelope_fault",
    "envelope_text",
    "escalation_ladder_digest",
    "escalation_people",
    "escalation_since",
    "event_id_used",
    "first_shares",
    "form_text",
    "give_back",
    "give_try_back",
    "hmac_sha1",
    "hold",
    "holds_on",
    "independence_fault",
    "is_program",
    "keep_for_buys",
    "kept",
    "law_account_closed",
    "law_account_opened",
    "law_after_release",
    "law_allocation_change",
    "law_allocation_rule",
    "law_authenticator_enrolled",
    "law_authenticator_removed",
    "law_batch_approved",
    "law_batch_assembled",
    "law_batch_row_approved",
    "law_batch_row_drawn",
    "law_batch_submitted",
    "law_batch_turned_down",
    "law_block_allocated",
    "law_block_corrected",
    "law_block_filled",
    "law_block_formed",
    "law_block_part",
    "law_cancel_drafted",
    "law_cancel_requested",
    "law_cash_deposited",
    "law_consent_recorded",
    "law_correction_drafted",
    "law_day_closed",
    "law_day_opened",
    "law_day_opened_anew",
    "law_day_requested",
    "law_delegate_confirmed",
    "law_delegate_ended",
    "law_delegate_named",
    "law_difference",
    "law_document_stored",
    "law_change_reexamined",
    "law_change_reviewed",
    "law_email_adopted",
    "law_email_checked",
    "law_email_decided",
    "law_email_drafted",
    "law_email_withdrawn",
    "law_escalation_climbed",
    "law_escalation_deputy_ended",
    "law_escalation_deputy_named",
    "law_forget_requested",
    "law_forgetting_begun",
    "law_forgetting_decided",
    "law_halt_alert_acknowledged",
    "law_halt_alert_raised",
    "law_hold_lifting",
    "law_hold_placed",
    "law_household_opened",
    "law_in_thread",
    "law_key_rotated",
    "law_limits_at_release",
    "law_limits_day_opened",
    "law_limits_decided",
    "law_limits_proposed",
    "law_limits_reassessed",
    "law_limits_rmd_determined",
    "law_lot_received",
    "law_machine_admitted",
    "law_machine_dismissed",
    "law_of_bars",
    "law_of_record_keepers",
    "law_of_staff",
    "law_order_denied",
    "law_order_filled",
    "law_order_redriven",
    "law_order_released",
    "law_order_set_aside",
    "law_pay_recorded",
    "law_person_engaged",
    "law_policy_denied",
    "law_preference_erased",
    "law_preference_kept",
    "law_proposal_approved",
    "law_proposal_assessed",
    "law_proposal_denied",
    "law_proposal_drafted",
    "law_proposal_lapsed",
    "law_proposal_submitted",
    "law_proposal_turned_down",
    "law_proposal_withdrawn",
    "law_reconciliation_finished",
    "law_reconciliation_requested",
    "law_registration_recorded",
    "law_relation_recorded",
    "law_remainder_drafted",
    "law_replace_ended",
    "law_replace_requested",
    "law_replacement_sized",
    "law_reporting_line_changed",
    "law_retention_lengthened",
    "law_rotation_requested",
    "law_routing_decided",
    "law_routing_proposed",
    "law_routing_recorded",
    "law_says",
    "law_says_carefully",
    "law_session_opened",
    "law_signal_draft",
    "law_signal_received",
    "law_signal_strategy",
    "law_signal_switched",
    "law_standing_confirmed",
    "law_standing_draw_voided",
    "law_standing_drawn",
    "law_standing_proposed",
    "law_standing_reviewed",
    "law_standing_revoked",
    "law_subject_forgotten",
    "law_thread_of_a_person",
    "law_thread_opened",
    "law_trade_corrected",
    "law_trade_passed_on",
    "law_trade_step",
    "law_trading_halted",
    "law_trading_resumed",
    "law_watch_listed",
    "law_who_assesses",
    "leaf",
    "lease_fault",
    "lease_fits",
    "lease_of_asker",
    "least_tier",
    "lend",
    "library_judged",
    "library_reach",
    "library_within",
    "limits_fault",
    "live_session",
    "look",
    "look_at_one",
    "look_together",
    "looked_at_badly",
    "lot_of",
    "lots_between",
    "lots_well_formed",
    "may_go_in_block",
    "may_halt",
    "may_reconcile",
    "may_set_limits",
    "may_set_routing",
    "may_submit",
    "message_of",
    "model_dollars",
    "names_no_body",
    "no_of",
    "no_of_thread",
    "note_schedule",
    "open_dollars",
    "order_is_plain",
    "out_fault",
    "passage_waits",
    "planning_well_formed",
    "predecessor",
    "quantity_fault",
    "reasons_complete",
    "refusal",
    "refuse_change",
    "registered",
    "release_refusal",
    "released_in_place_of",
    "remember_the_day",
    "replacement_fault",
    "replacing_at_release",
    "replacing_fault",
    "replacing_in_text",
    "request_well_formed",
    "reserve",
    "reserve_alone",
    "route_fault",
    "routing_reasons_complete",
    "routing_well_formed",
    "said_fault",
    "schedule_due",
    "schedule_too_large",
    "schedule_well_formed",
    "scope_known",
    "scope_well_formed",
    "sealed_well_formed",
    "settles_after",
    "sha1",
    "share_as_said",
    "share_block",
    "share_fault",
    "shared_out",
    "span_well_formed",
    "standing_confirmer_fault",
    "standing_cover_fault",
    "standing_dollars",
    "standing_fault",
    "standing_in_model",
    "standing_list_digest",
    "standing_overdue",
    "standing_person_fault",
    "stands_in_for",
    "step_runs",
    "stores_of",
    "superiors",
    "take",
    "take_alike",
    "take_carefully",
    "take_direct",
    "take_direct_one",
    "take_from_buys",
    "take_in_turn",
    "take_one",
    "take_over",
    "take_pairs",
    "take_step_up",
    "take_steps",
    "take_together",
    "take_try",
    "threads_of",
    "to_cents",
    "totp",
    "trade_moved",
    "vector_of_document",
    "write_down",
}
# They know who asks or what is held, and look at no row that the caller could not see.
NOT_DEFINERS_WITH_CALLERS: Final = {
    *("releasable(leg)", "consented(text)", "in_book(text)", "limits_in_force()", "batch_measure(text[])"),
    *(
        "routing_in_force()",
        "waiting_of(text)",
        "halt_fault(proposal,leg)",
        "halted(text)",
        "scopes_of(proposal,leg)",
        "shown(text)",
    ),
}
REFUSED: Final = psycopg.errors.InsufficientPrivilege
NO_WAY: Final = {
    "42501": "insufficient privilege",
    "22023": "no such role",
    "0A000": "not an extension of this server",
    "58P01": "nor a file of it",
    "42704": "no such language or label provider",
    "25001": "not within a transaction: tried outside too, below",
}


@pytest.fixture(scope="module")
def firm(shared_firm: Firm) -> Iterator[Firm]:
    """Nothing that is tried here may change anything: a digest of every table says so at the end."""
    before = everything(shared_firm)
    yield shared_firm
    assert everything(shared_firm) == before


def everything(firm: Firm) -> dict[str, Any]:
    rights = "select string_agg(relname || coalesce(relacl::text, ''), ' ' order by relname) from pg_class"
    kept = {"rights": firm.value("superuser", f"{rights} where relkind in ('r', 'v')")}
    for name in TABLES:
        if name in ("gatehouse.session", "gatehouse.live", "gatehouse.asker", "gatehouse.failed_sign_in"):
            continue
        if name in ("gatehouse.journal", "gatehouse.head", "gatehouse.stream_head", "gatehouse.journal_line"):
            continue  # refusals are entries
        if name in ("gatehouse.thread", "gatehouse.idempotency"):
            continue
        kept[name] = firm.value(
            "superuser", f"select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {name} t"
        )
    return kept


def refused(firm: Firm, role: str, statement: str, *words: Any) -> None:
    """That login is told that it may not."""
    with pytest.raises(REFUSED):
        firm.ask(role, statement, *words)


def test_every_table_and_view_is_decided_on_here(firm: Firm) -> None:
    rows = firm.ask(
        "superuser",
        "select n.nspname || '.' || c.relname as name from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"
        " and c.relkind in ('r', 'v', 'm', 'f', 'p')",
    )
    assert {row["name"] for row in rows} == set(TABLES)


def test_every_function_is_decided_on_here(firm: Firm) -> None:
    rows = firm.ask(
        "superuser",
        "select replace(p.oid::regprocedure::text, 'gatehouse.', '') as name, p.proname from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('gatehouse', 'copilot')",
    )
    assert {row["name"] for row in rows if row["proname"] not in INTERNAL} == set(FUNCTIONS)
    assert {row["proname"] for row in rows} >= INTERNAL


def test_every_function_that_runs_as_its_owner_has_a_fixed_search_path(firm: Firm) -> None:
    rows = firm.ask(
        "superuser",
        "select p.proname, coalesce(proconfig, '{}') as config from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in ('gatehouse', 'copilot') and prosecdef",
    )
    assert len(rows) > 10
    for row in rows:
        assert "search_path=pg_catalog, gatehouse, pg_temp" in row["config"], row["proname"]


def test_a_function_without_a_search_path_is_one_that_no_login_may_call(firm: Firm) -> None:
    """It finds names by its caller's path, which is the owner's: `append` and the triggers fix it."""
    rows = firm.ask(
        "superuser",
        "select p.oid::regprocedure::text as name, p.proname, p.prosecdef,"
        " array(select login from unnest(%s::text[]) login"
        "       where has_function_privilege(login, p.oid, 'execute')) as callers"
        " from pg_proc p where p.pronamespace = 'gatehouse'::regnamespace"
        " and coalesce(p.proconfig::text, '') not like '%%search_path=%%'",
        [*ROLES, "public"],
    )
    assert {row["proname"] for row in rows} >= {"law_says", "law_in_thread", "take", "take_together"}
    assert [row["name"] for row in rows if row["callers"] or row["prosecdef"]] == []


VERBS: Final = {
    "S": "select * from {}",
    "I": "insert into {} default values",
    "U": "update {} set {} = {} where false",
    "D": "delete from {} where false",
    "truncate": "truncate {}",
    "lock": "lock table {} in row exclusive mode",
    "copy out": "copy {} to stdout",
    "for update": "select from {} for update",
    "alter": "alter table {} add column mine int",
    "disable triggers": "alter table {} disable trigger all",
    "drop policies": "alter table {} disable row level security",
    "drop": "drop table {}",
    "own": "alter table {} owner to current_user",
    "trigger": "create trigger mine before insert on {} execute function gatehouse.refuse_change()",
    "index": "create index on {} (({} is null))",
    "rule": "create rule mine as on select to {} do instead nothing",
    "comment": "comment on table {} is 'mine'",
}


def tried(firm: Firm, role: str, table: str, verb: str) -> bool:
    """Whether the login's rights let it; undone at once. An error about the row comes after the right."""
    columns = (
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and attidentity = ''"
    )
    column = firm.value("superuser", f"{columns} and not attisdropped limit 1", table)
    statement = VERBS[verb].format(table, column, column)
    connection = firm.connection(role)
    try:
        with connection.transaction(force_rollback=True):
            if verb == "copy out":
                with connection.cursor().copy(statement.encode()) as copy:
                    list(copy)
            else:
                connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as no:
        return "row-level security policy" in str(no)
    except (psycopg.errors.WrongObjectType, psycopg.errors.FeatureNotSupported):
        return False  # no such thing can be done to a view, or to a table under row policies
    except psycopg.Error:
        return True
    return True


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", TABLES)
def test_a_table_lets_each_login_do_what_is_decided_and_nothing_else(
    firm: Firm, role: str, table: str
) -> None:
    may = TABLES[table].get(role, "")
    expected = set(may)
    expected |= {"lock"} if set(may) & set("IUD") else set()
    expected |= {"for update"} if "U" in may else set()
    # PostgreSQL refuses COPY of a table under row security to whom it applies.
    allowed = {verb for verb in VERBS if tried(firm, role, table, verb)}
    assert allowed - {"copy out"} == expected
    assert "copy out" not in allowed or "S" in may


@pytest.mark.parametrize("role", ROLES)
def test_an_internal_function_is_not_to_be_called(firm: Firm, role: str) -> None:
    rows = firm.ask(
        "superuser",
        "select p.oid::regprocedure::text as name, p.proname, p.oid,"
        " array(select format_type(t, null) from unnest(p.proargtypes) t) as types from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'gatehouse'",
    )
    called = 0
    for row in rows:
        name = row["name"].replace("gatehouse.", "")
        if role in FUNCTIONS.get(name, set()):
            continue
        arguments = ", ".join(f"null::{kind}" for kind in row["types"])
        refused(firm, role, f"select gatehouse.{row['proname']}({arguments})")
        called += 1
    assert called >= len(INTERNAL)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "set role gh_owner",
        "set role postgres",
        "set role gh_approver_",
        "set session authorization gh_owner",
        "set session authorization postgres",
        "set session_replication_role = replica",
        "set local session_replication_role = replica",
        "select set_config('session_replication_role', 'replica', false)",
        "set log_statement = 'all'",
        "alter system set fsync = off",
        "alter role gh_owner password 'x'",
        "alter role current_user superuser",
        "grant gh_owner to current_user",
        "create role mine",
        "create database mine",
        "create schema mine",
        "create temporary table journal (seq int)",
        "create temporary view session as select 1",
        "create table gatehouse.mine (a int)",
        "create table public.mine (a int)",
        "create table copilot.mine (a int)",
        "create function pg_temp.append(jsonb) returns int language sql as 'select 1'",
        "create function gatehouse.mine() returns int language sql as 'select 1'",
        "create function public.now() returns int language sql as 'select 1'",
        "create extension dblink",
        "create extension postgres_fdw",
        "create language plpython3u",
        "create publication mine for all tables",
        "create subscription mine connection 'x' publication y",
        "create event trigger mine on ddl_command_start execute function gatehouse.refuse_change()",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/mine'",
        "select pg_read_file('/etc/passwd')",
        "select pg_ls_dir('/')",
        "select lo_creat(-1)",
        "select lo_create(0)",
        "select lo_from_bytea(0, '\\x00')",
        "select lo_import('/etc/passwd')",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
        "select * from pg_authid",
        "select * from pg_hba_file_rules",
        "select pg_reload_conf()",
        "select pg_create_physical_replication_slot('mine')",
        "alter database postgres set search_path = public",
        "security label on table gatehouse.journal is 'x'",
        "vacuum full gatehouse.journal",
        "do language plpgsql $$ begin execute 'set role gh_owner'; end $$",
    ],
)
def test_a_way_around_is_closed_to_every_login(firm: Firm, role: str, statement: str) -> None:
    code, rows = "00000", []
    try:
        with firm.connection(role).transaction(force_rollback=True):
            rows = firm.ask(role, statement)
    except psycopg.Error as no:
        code = str(no.sqlstate)
    if statement.startswith("select pg_terminate_backend"):
        assert not any(any(row.values()) for row in rows)  # no row of another login's is even seen
    else:
        assert code in NO_WAY, (code, rows)


@pytest.mark.parametrize("role", ROLES)
def test_granting_what_one_has_no_right_to_grant_changes_nothing(firm: Firm, role: str) -> None:
    """PostgreSQL only warns; the rights of all tables are compared at the end of this file."""
    for table in TABLES:
        if role in TABLES[table]:
            firm.ask(role, f"grant all on {table} to public")


@pytest.mark.parametrize("role", ROLES)
def test_vacuum_and_alter_system_are_refused_outside_a_transaction_too(firm: Firm, role: str) -> None:
    refused(firm, role, "alter system set fsync = off")
    refused(firm, role, "create database mine")


LOGINS: Final = {"maria.alvarez": "adv-1", "david.nakamura": "adv-2", "priya.raman": "adv-3"}
OF_A_BOOK: Final = (
    *("household", "account", "holding", "proposal", "decision", "leg"),
    *("reference", "lot", "position", "cash", "order_state"),
)


def seen(firm: Firm, role: str, ticket: str | None, statement: str) -> list[Any]:
    connection = firm.connection(role)
    with connection.transaction():
        if ticket is not None:
            connection.execute("select gatehouse.present(%s)", [ticket])
        return connection.execute(statement.encode()).fetchall()


def ticket_for(firm: Firm, role: str, login: str) -> str:
    return firm.thread_ticket(login, firm.thread(login)) if role == AGENT else firm.ticket(login)


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER])
@pytest.mark.parametrize("table", OF_A_BOOK)
def test_a_login_without_a_ticket_sees_no_clients(firm: Firm, role: str, table: str) -> None:
    where = " where advisor is not null" if table == "reference" else ""
    assert seen(firm, role, None, f"select * from gatehouse.{table}{where}") == []
    assert seen(firm, role, "a stranger's", f"select * from gatehouse.{table}{where}") == []


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER])
@pytest.mark.parametrize("login", LOGINS)
def test_an_advisors_ticket_shows_her_book_alone(firm: Firm, role: str, login: str) -> None:
    ticket = ticket_for(firm, role, login)
    for table in OF_A_BOOK:
        if table == "holding":
            found = seen(
                firm,
                role,
                ticket,
                "select a.advisor from gatehouse.holding h join gatehouse.account a using (account)",
            )
        else:
            found = seen(
                firm, role, ticket, f"select advisor from gatehouse.{table} where advisor is not null"
            )
        assert {row["advisor"] for row in found} <= {LOGINS[login]}, table
        if table in ("household", "account", "holding", "lot", "position", "cash", "reference"):
            assert found, table
    for statement in ("set row_security = off", "set search_path = pg_temp, public"):
        firm.ask(role, statement)
    try:
        with pytest.raises(
            REFUSED
        ):  # row_security off means: an error where a policy would apply, never more rows
            seen(firm, role, ticket, "select * from gatehouse.account")
    finally:
        firm.ask(role, "reset row_security")
        firm.ask(role, "set search_path = gatehouse, copilot, public, pg_temp")


def test_no_column_of_another_book_leaks_through_counts_or_views(firm: Firm) -> None:
    ticket = firm.ticket("maria.alvarez")
    whole = firm.value("superuser", "select count(*) from gatehouse.account")
    mine = seen(firm, INTAKE, ticket, "select count(*) as n from gatehouse.account")[0]["n"]
    assert 0 < mine < whole
    lines = seen(firm, INTAKE, ticket, "select * from gatehouse.journal_line")
    assert {row["actor"] for row in lines} <= {"adv-1"}
    assert all("adv-2" not in row["text"] and "adv-3" not in row["text"] for row in lines)


def test_a_function_that_tells_a_policys_rows_is_not_run_before_the_policy(firm: Firm) -> None:
    """A leaky function in a condition must not see rows of others: the policies are security barriers."""
    ticket = firm.ticket("maria.alvarez")
    statement = (
        "select * from gatehouse.account where 1 / (case when advisor = 'adv-2' then 0 else 1 end) = 1"
    )
    assert seen(firm, INTAKE, ticket, statement)
    leak = (
        "select * from gatehouse.journal_line where 1 / (case when actor = 'gh_owner' then 0 else 1 end) = 1"
    )
    seen(firm, INTAKE, ticket, leak)


@pytest.mark.parametrize("login", ["robert.hensley", "ngozi.adeyemi", "elena.petrova", "william.tran"])
def test_supervision_sees_every_book(firm: Firm, login: str) -> None:
    found = seen(firm, APPROVER, firm.ticket(login), "select distinct advisor from gatehouse.account")
    assert {row["advisor"] for row in found} == set(LOGINS.values())


def test_research_sees_no_book(firm: Firm) -> None:
    assert seen(firm, INTAKE, firm.ticket("hannah.lindqvist"), "select * from gatehouse.account") == []


def test_the_binding_ends_with_the_transaction(firm: Firm) -> None:
    assert seen(firm, INTAKE, firm.ticket("maria.alvarez"), "select * from gatehouse.account")
    assert seen(firm, INTAKE, None, "select * from gatehouse.account") == []
    firm.value(
        INTAKE, "select gatehouse.present(%s)", firm.ticket("maria.alvarez")
    )  # autocommit: over at once
    assert firm.ask(INTAKE, "select * from gatehouse.account") == []


def test_a_copilots_ticket_is_good_at_its_own_door_alone(firm: Firm) -> None:
    thread_ticket = ticket_for(firm, AGENT, "maria.alvarez")
    for role, ticket, answer in (
        (AGENT, thread_ticket, "adv-1"),
        (AGENT, firm.ticket("maria.alvarez"), None),
        (INTAKE, thread_ticket, None),
        (APPROVER, thread_ticket, None),
        (APPROVER, firm.ticket("maria.alvarez"), "adv-1"),
    ):
        assert firm.value(role, "select gatehouse.present(%s)", ticket) == answer


def events_and_rights(firm: Firm) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for row in firm.ask("superuser", "select event_type from gatehouse.event_kind"):
        kinds[row["event_type"]] = set()
    for row in firm.ask("superuser", "select event_type, role from gatehouse.event_right"):
        kinds[row["event_type"]].add(row["role"])
    return kinds


def test_each_kind_of_event_is_one_logins_and_refusals_are_nobodys(firm: Firm) -> None:
    rights = events_and_rights(firm)
    shared = {kind: roles for kind, roles in rights.items() if len(roles) > 1}
    assert shared == {
        "ProposalDrafted": {AGENT, INTAKE},
        "RegistrationRecorded": {"gh_owner", APPROVER},
        "AuthenticatorRemoved": {"gh_owner", APPROVER},
        "ProposalAssessed": {INTAKE, GATE},  # of a direct order, by who drafted it: `law_who_assesses`
        "ProposalDenied": {INTAKE, GATE},
        "BusinessDayOpened": {"gh_owner", GATE},
        "CancelRequested": {APPROVER, GATE},  # people, or the worker of a schedule whose time is over
        "TradingHalted": {APPROVER, GATE},  # a person, or the machine: the law tells them apart
        "PolicyDenied": {INTAKE, APPROVER},
        "PreferenceErased": {AGENT, INTAKE},  # by herself, or where a message of hers asks for it
    }
    assert rights["AttemptRefused"] == set()
    assert WITNESS not in set().union(*rights.values())
    assert rights["OrderReleased"] == {GATE}
    assert {kind for kind, roles in rights.items() if AGENT in roles} == {
        "ProposalDrafted",
        "CancelDrafted",
        "ToolCalled",
        "StepTaken",
        "ObservationMade",
        "DecisionTaken",
        "RunBegun",
        "PreferenceKept",
        "EmailDrafted",
        "PreferenceErased",
    }
    assert not {kind for kind, roles in rights.items() if INTAKE in roles} & {
        "ProposalSubmitted",
        "ProposalApproved",
        "ConsentRecorded",
        "OrderReleased",
    }


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER, GATE])
def test_every_other_logins_event_is_refused(firm: Firm, role: str) -> None:
    ticket = None if role == GATE else ticket_for(firm, role, "maria.alvarez")
    prefixes = {
        row["event_type"]: row["stream_prefix"]
        for row in firm.ask("superuser", "select event_type, stream_prefix from gatehouse.event_kind")
    }
    items, kinds = [], []
    for kind, roles in events_and_rights(firm).items():
        if role not in roles:
            prefix = prefixes[kind]
            items.append(firm.item(kind, prefix + "x" if prefix.endswith("/") else prefix, {}, ticket=ticket))
            kinds.append(kind)
    said = firm.append(role, *items)
    assert {kind: one.code for kind, one in zip(kinds, said, strict=True)} == dict.fromkeys(kinds, "no_right")


def test_the_witness_cannot_append_at_all(firm: Firm) -> None:
    refused(firm, WITNESS, "select * from gatehouse.append('[]'::jsonb)")


TICKETS: Final = ("none", "a stranger's", "the other door's", "an ended one")


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER])
@pytest.mark.parametrize("which", TICKETS)
def test_an_entry_needs_a_live_ticket_of_its_own_door(firm: Firm, role: str, which: str) -> None:
    ended = firm.sign_in("maria.alvarez")
    firm.ask(INTAKE, "select gatehouse.close_session(%s)", ended)
    other = INTAKE if role == AGENT else AGENT
    ticket = {
        "none": None,
        "a stranger's": "x" * 43,
        "the other door's": ticket_for(firm, other, "maria.alvarez"),
        "an ended one": ended,
    }[which]
    (said,) = firm.append(role, firm.item("StepTaken", "thread/x", {}, ticket=ticket))
    assert said.code == ("wrong_ticket" if which == "the other door's" else "session_ended")


def test_the_worker_has_no_persons_ticket(firm: Firm) -> None:
    item = firm.item("OrderRouted", "order/x", {}, ticket=firm.ticket("robert.hensley"))
    assert firm.append(GATE, item)[0].code == "wrong_ticket"


def test_nobody_can_say_who_acted(firm: Firm) -> None:
    """Words about actor, person, role or time beside the text change nothing; inside it they are refused."""
    thread = firm.thread("maria.alvarez")
    ticket = firm.thread_ticket("maria.alvarez", thread)
    payload = {"thread": thread, "agent": "a", "step": "plan", "model": "m"}
    inside = {**payload, "actor": "pri-1", "role": "gh_gate"}
    (said,) = firm.append(AGENT, firm.item("StepTaken", f"thread/{thread}", inside, ticket=ticket))
    assert said.code == "malformed_payload"
    item = firm.item("StepTaken", f"thread/{thread}", payload, ticket=ticket)
    forged = {
        **item,
        "actor": "pri-1",
        "role": GATE,
        "person": "pri-1",
        "recorded_at": "2000-01-01",
        "seq": 1,
    }
    (said,) = firm.append(AGENT, forged)
    assert said.ok
    row = firm.ask(
        "superuser", "select role, actor, recorded_at from gatehouse.journal where seq = %s", said.seq
    )[0]
    assert (row["role"], row["actor"]) == (AGENT, "adv-1")
    assert row["recorded_at"].year > 2020


def test_a_thread_is_its_persons_alone(firm: Firm) -> None:
    hers = firm.thread("maria.alvarez")
    his = firm.thread("david.nakamura")
    payload = {"thread": hers, "agent": "a", "step": "plan", "model": "m"}
    for ticket in (firm.thread_ticket("david.nakamura", his),):
        (said,) = firm.append(AGENT, firm.item("StepTaken", f"thread/{hers}", payload, ticket=ticket))
        assert said.code == "not_your_thread"
    assert (
        firm.value(
            INTAKE,
            "select gatehouse.open_thread_session(%s, %s, gen_random_uuid(), %s)",
            firm.ticket("david.nakamura"),
            hers,
            b"x" * 32,
        )
        is None
    )


SETTINGS: Final = (
    "search_path = pg_temp, public",
    "search_path = ''",
    "row_security = off",
    "timezone = 'Asia/Kathmandu'",
    "datestyle = 'German, DMY'",
    "intervalstyle = 'iso_8601'",
    "bytea_output = 'escape'",
    "extra_float_digits = -15",
    "standard_conforming_strings = on",
    "client_encoding = 'LATIN1'",
    "quote_all_identifiers = on",
    "transform_null_equals = on",
    "check_function_bodies = off",
    "enable_indexscan = off",
    "plan_cache_mode = force_generic_plan",
    "default_transaction_isolation = 'serializable'",
    "synchronous_commit = off",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_of_a_client_changes_what_is_written(firm: Firm, setting: str) -> None:
    thread = firm.thread("maria.alvarez")
    ticket = firm.thread_ticket("maria.alvarez", thread)
    payload = {"thread": thread, "agent": "a", "step": "plan", "model": "m"}
    item = firm.item("StepTaken", f"thread/{thread}", payload, ticket=ticket)
    with psycopg.connect(conninfo(firm.database.agent, name="test"), autocommit=True) as connection:
        connection.execute(sql.SQL("set {}").format(sql.SQL(setting)))
        row = connection.execute(
            "select answer from gatehouse.append(%s::jsonb)", [json.dumps([item])]
        ).fetchone()
        no = {"text": "{}", "ticket": ticket}
        refusal = connection.execute(
            "select code from gatehouse.append(%s::jsonb)", [json.dumps([no])]
        ).fetchone()
    assert row == ("ok",)
    assert refusal == ("malformed_event_id",)
    assert firm.verified().ok


@pytest.mark.parametrize("role", [AGENT, APPROVER, GATE, WITNESS])
def test_nobody_but_the_front_reads_or_opens_sessions(firm: Firm, role: str) -> None:
    refused(firm, role, "select gatehouse.sign_in_salt('maria.alvarez')")
    refused(
        firm, role, "select gatehouse.open_session('maria.alvarez', ''::bytea, gen_random_uuid(), ''::bytea)"
    )
    refused(firm, role, "select gatehouse.close_session('x')")


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER, WITNESS])
def test_nobody_can_take_the_workers_place(firm: Firm, role: str) -> None:
    refused(firm, role, f"select pg_try_advisory_lock({AT_WORK})")
    refused(firm, role, f"select pg_advisory_xact_lock_shared({AT_WORK})")
