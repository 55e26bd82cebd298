-- The form of every kind of event, drawn from its fact by `python -m core.ledger.forms`.
drop schema if exists form cascade;
create schema form;

create domain form.words as text not null;
create type form.of_account_closed as (
    "account" form.words,
    "closed_on" form.words
);
create domain form.one_of_advisory_brokerage as text not null check (value in ('advisory', 'brokerage'));
create domain form.yes_or_no as boolean not null;
create domain form.one_of_taxable_ira_roth_trust_joint as text not null check (value in ('taxable', 'ira', 'roth', 'trust', 'joint'));
create domain form.words_or_none as text;
create domain form.list_of_words as form.words[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_open_frozen_transferring_out as text not null check (value in ('open', 'frozen', 'transferring_out'));
create type form.of_account_opened as (
    "account" form.words,
    "advisor" form.words,
    "capacity" form.one_of_advisory_brokerage,
    "custodian" form.words,
    "discretionary" form.yes_or_no,
    "household" form.words,
    "kind" form.one_of_taxable_ira_roth_trust_joint,
    "model" form.words_or_none,
    "opened_on" form.words,
    "owners" form.list_of_words,
    "status" form.one_of_open_frozen_transferring_out
);
create type form.of_alert_acknowledged as (
    "alert" form.words
);
create domain form.one_of_order_in_trouble_venue_contradicts as text not null check (value in ('order_in_trouble', 'venue_contradicts'));
create domain form.one_of_warning_critical as text not null check (value in ('warning', 'critical'));
create type form.of_alert_raised as (
    "alert" form.words,
    "kind" form.one_of_order_in_trouble_venue_contradicts,
    "order" form.words_or_none,
    "scope" form.words,
    "severity" form.one_of_warning_critical,
    "venue" form.words_or_none
);
create domain form.whole as bigint not null check (abs(value) <= 9007199254740991);
create type form.of_cited as (
    "sentence" form.whole,
    "source" form.words
);
create domain form.a_cited as form.of_cited not null;
create domain form.list_of_a_cited as form.a_cited[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_sealed as (
    "key" form.whole,
    "sealed" form.words,
    "subject" form.words
);
create domain form.a_sealed as form.of_sealed not null;
create type form.of_answer_given as (
    "cited" form.list_of_a_cited,
    "message" form.words,
    "model" form.words,
    "text" form.a_sealed,
    "thread" form.words
);
create type form.of_attempt_refused as (
    "attempted" form.words,
    "code" form.words,
    "text_digest" form.words
);
create type form.of_authenticator_enrolled as (
    "person" form.words
);
create type form.of_authenticator_removed as (
    "person" form.words
);
create domain form.words_4a970b4b as text not null check (value ~ '^bat-[0-9a-f]{32}$');
create type form.of_batch_approved as (
    "batch" form.words_4a970b4b,
    "digest" form.words
);
create domain form.amount as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40);
create type form.of_batch_row as (
    "digest" form.words,
    "proposal" form.words
);
create domain form.a_batch_row as form.of_batch_row not null;
create domain form.list_of_a_batch_row as form.a_batch_row[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_1_2_3 as bigint not null check (value in (1, 2, 3));
create type form.of_batch_assembled as (
    "batch" form.words_4a970b4b,
    "digest" form.words,
    "dollars" form.amount,
    "rows" form.list_of_a_batch_row,
    "tier" form.one_of_1_2_3
);
create type form.of_batch_declined as (
    "batch" form.words_4a970b4b,
    "digest" form.words
);
create type form.of_batch_returned as (
    "batch" form.words_4a970b4b,
    "digest" form.words
);
create type form.of_batch_submitted as (
    "batch" form.words_4a970b4b,
    "digest" form.words
);
create type form.of_business_day_close_requested as (
    "session" form.words
);
create domain form.moment as text not null check (value ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid(value, 'timestamptz'));
create type form.of_business_day_closed as (
    "at" form.moment,
    "session" form.words
);
create type form.of_business_day_open_requested as (
    "session" form.words
);
create type form.of_business_day_opened as (
    "at" form.moment,
    "session" form.words
);
create type form.of_cancel_requested as (
    "order" form.words
);
create domain form.amount_above_0 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric > 0);
create type form.of_cash_deposited as (
    "account" form.words,
    "amount" form.amount_above_0,
    "deposit" form.words,
    "held_until" form.words_or_none
);
create domain form.one_of_phone_meeting_letter as text not null check (value in ('phone', 'meeting', 'letter'));
create type form.of_consent_recorded as (
    "channel" form.one_of_phone_meeting_letter,
    "client" form.words,
    "digest" form.words,
    "proposal" form.words
);
create type form.of_custodian_appointed as (
    "custodian" form.words,
    "fractional_shares" form.yes_or_no,
    "name" form.words,
    "ticket_fee" form.amount,
    "venues" form.list_of_words
);
create domain form.one_of_5_7ca86e31 as text not null check (value in ('model_chose', 'no_specialist_named', 'too_many_thoughts', 'people_must_decide', 'people_decided'));
create domain form.one_of_hand_over_ask_answer_stop_park_report as text not null check (value in ('hand_over', 'ask', 'answer', 'stop', 'park', 'report'));
create domain form.words_52f851fa as text not null check (value ~ '^[0-9a-f]{64}$');
create domain form.whole_from_1 as bigint not null check (abs(value) <= 9007199254740991 and value >= 1);
create type form.of_kept as (
    "digest" form.words_52f851fa,
    "key" form.whole_from_1,
    "length" form.whole_from_1,
    "subject" form.words
);
create domain form.a_kept_or_none as form.of_kept;
create domain form.a_sealed_or_none as form.of_sealed;
create type form.of_words as (
    "kept" form.a_kept_or_none,
    "sealed" form.a_sealed_or_none
);
create domain form.a_words_or_none as form.of_words;
create type form.of_decision_taken as (
    "agent" form.words,
    "because" form.one_of_5_7ca86e31,
    "chosen" form.list_of_words,
    "decision" form.one_of_hand_over_ask_answer_stop_park_report,
    "thread" form.words,
    "why" form.a_words_or_none
);
create type form.of_delegate_confirmed as (
    "delegation" form.words
);
create type form.of_delegate_ended as (
    "delegation" form.words
);
create type form.of_delegate_named as (
    "advisor" form.words,
    "delegate" form.words,
    "delegation" form.words,
    "from_day" form.words,
    "until_day" form.words
);
create type form.of_deputy_ended as (
    "principal" form.words
);
create domain form.words_17088065 as text not null check (value ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');
create type form.of_deputy_named as (
    "deputy" form.words,
    "principal" form.words,
    "valid_from" form.words_17088065,
    "valid_until" form.words_17088065
);
create type form.of_do_not_trade_placed as (
    "account" form.words,
    "instructed_on" form.words,
    "symbol" form.words
);
create type form.of_document_stored as (
    "body_digest" form.words,
    "dated" form.words,
    "document" form.words,
    "passages" form.whole,
    "source" form.words,
    "title" form.words
);
create type form.of_fee_scheduled as (
    "account" form.words,
    "amount" form.amount,
    "due_on" form.words,
    "schedule" form.words
);
create type form.of_firm_founded as (
    "firm" form.words,
    "last_close" form.words,
    "seed" form.whole,
    "synthetic" form.yes_or_no
);
create type form.of_forget_confirmed as (
    "request" form.words,
    "subject" form.words
);
create domain form.one_of_5_59b25977 as text not null check (value in ('asked_by_the_person', 'prospect_left', 'employee_left', 'recorded_by_mistake', 'period_ended'));
create type form.of_forget_requested as (
    "note" form.a_sealed_or_none,
    "reason" form.one_of_5_59b25977,
    "request" form.words,
    "subject" form.words
);
create type form.of_forgetting_begun as (
    "request" form.words,
    "subject" form.words
);
create type form.of_forgetting_declined as (
    "request" form.words,
    "subject" form.words
);
create type form.of_forgetting_withdrawn as (
    "request" form.words,
    "subject" form.words
);
create type form.of_client as (
    "born_on" form.a_sealed,
    "client" form.words,
    "name" form.a_sealed
);
create domain form.a_client as form.of_client not null;
create domain form.list_of_a_client as form.a_client[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_household_opened as (
    "advisor" form.words,
    "clients" form.list_of_a_client,
    "household" form.words,
    "name" form.a_sealed
);
create domain form.one_of_7_22ad19c9 as text not null check (value in ('share', 'etf', 'cash_sweep', 'mutual_fund', 'bond', 'option', 'crypto'));
create type form.of_instrument_listed as (
    "average_daily_volume" form.amount,
    "issuer" form.words,
    "kind" form.one_of_7_22ad19c9,
    "name" form.words,
    "sector" form.words,
    "spread_bps" form.amount,
    "symbol" form.words,
    "synthetic" form.yes_or_no,
    "tick" form.amount,
    "tradable" form.yes_or_no
);
create type form.of_ips_adopted as (
    "account" form.words,
    "adopted_on" form.words,
    "cash_floor" form.amount,
    "max_issuer_weight" form.amount
);
create type form.of_key_rotation_finished as (
    "damaged" form.list_of_words,
    "request" form.words,
    "subjects" form.whole
);
create type form.of_key_rotation_requested as (
    "request" form.words,
    "subject" form.words_or_none
);
create type form.of_legal_hold_kept as (
    "hold" form.words,
    "subject" form.words
);
create type form.of_legal_hold_lift_requested as (
    "hold" form.words,
    "subject" form.words
);
create type form.of_legal_hold_lifted as (
    "hold" form.words,
    "subject" form.words
);
create domain form.one_of_4_b7d18dd1 as text not null check (value in ('litigation', 'regulator', 'complaint', 'internal_review'));
create type form.of_legal_hold_placed as (
    "hold" form.words,
    "matter" form.one_of_4_b7d18dd1,
    "note" form.a_sealed_or_none,
    "subject" form.words
);
create type form.of_limits_confirmed as (
    "digest" form.words
);
create domain form.whole_from_0 as bigint not null check (abs(value) <= 9007199254740991 and value >= 0);
create domain form.amount_above_0_to_1 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric > 0 and value::numeric <= 1);
create domain form.amount_from_0 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric >= 0);
create type form.of_limit_set as (
    "account_day_value" form.amount_above_0,
    "advisor_day_value" form.amount_above_0,
    "agent_day_value" form.amount_above_0,
    "day_loss" form.amount_above_0,
    "duplicate_window_seconds" form.whole_from_0,
    "firm_day_value" form.amount_above_0,
    "household_day_value" form.amount_above_0,
    "household_issuer_weight" form.amount_above_0_to_1,
    "max_issuer_weight" form.amount_above_0_to_1,
    "max_sector_weight" form.amount_above_0_to_1,
    "order_count" form.whole_from_1,
    "order_minimum" form.amount_from_0,
    "order_quantity" form.amount_above_0,
    "order_value" form.amount_above_0,
    "order_volume" form.amount_above_0_to_1,
    "order_window_seconds" form.whole_from_1,
    "outflow_horizon_days" form.whole_from_0,
    "position_size" form.amount_above_0,
    "price_band" form.amount_above_0_to_1,
    "principal_dollars" form.amount_above_0,
    "principal_fraction" form.amount_above_0_to_1,
    "profile_months" form.whole_from_1,
    "routine_dollars" form.amount_above_0,
    "routine_fraction" form.amount_above_0_to_1,
    "trading_cost" form.amount_above_0_to_1,
    "turnover" form.amount_above_0,
    "volatility_band" form.amount_above_0
);
create domain form.a_limit_set as form.of_limit_set not null;
create type form.of_limits_proposed as (
    "digest" form.words,
    "effective_on" form.words,
    "limits" form.a_limit_set
);
create type form.of_limits_withdrawn as (
    "digest" form.words
);
create type form.of_lot_received as (
    "account" form.words,
    "acquired_on" form.words,
    "cost_per_share" form.amount_above_0,
    "lot" form.words,
    "quantity" form.amount_above_0,
    "symbol" form.words
);
create domain form.whole_from_1_to_400 as bigint not null check (abs(value) <= 9007199254740991 and value >= 1 and value <= 400);
create domain form.words_b12e32c2 as text not null check (value ~ '^mch-[a-z0-9-]{1,40}$');
create type form.of_machine_admitted as (
    "advisor" form.words,
    "days" form.whole_from_1_to_400,
    "key_hash" form.words_52f851fa,
    "machine" form.words_b12e32c2
);
create type form.of_machine_dismissed as (
    "machine" form.words
);
create type form.of_message_received as (
    "message" form.words,
    "text" form.a_sealed,
    "thread" form.words
);
create domain form.amount_from_0_to_1 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric >= 0 and value::numeric <= 1);
create type form.of_target as (
    "symbol" form.words,
    "weight" form.amount_from_0_to_1
);
create domain form.a_target as form.of_target not null;
create domain form.list_of_a_target as form.a_target[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_model_published as (
    "cash_weight" form.amount,
    "model" form.words,
    "name" form.words,
    "targets" form.list_of_a_target,
    "tolerance" form.amount,
    "version" form.whole
);
create domain form.one_of_answered_refused as text not null check (value in ('answered', 'refused'));
create domain form.a_words as form.of_words not null;
create type form.of_observation_made as (
    "agent" form.words,
    "call" form.words,
    "outcome" form.one_of_answered_refused,
    "thread" form.words,
    "tool" form.words,
    "words" form.a_words
);
create type form.of_order_accepted as (
    "order" form.words,
    "venue" form.words,
    "venue_order" form.words
);
create type form.of_order_cancelled as (
    "order" form.words,
    "reason" form.words,
    "venue" form.words_or_none
);
create domain form.amount_or_none as text check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40);
create domain form.whole_or_none as bigint check (abs(value) <= 9007199254740991);
create domain form.one_of_pass_finding_breach as text not null check (value in ('pass', 'finding', 'breach'));
create type form.of_finding as (
    "account" form.words_or_none,
    "headroom" form.amount_or_none,
    "leg" form.whole_or_none,
    "limit" form.amount_or_none,
    "observed" form.amount_or_none,
    "policy" form.words,
    "result" form.one_of_pass_finding_breach,
    "says" form.words,
    "unit" form.words
);
create domain form.a_finding as form.of_finding not null;
create domain form.list_of_a_finding as form.a_finding[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_order_denied as (
    "differences" form.list_of_words,
    "findings" form.list_of_a_finding,
    "leg" form.whole,
    "order" form.words,
    "proposal" form.words
);
create type form.of_order_doubted as (
    "order" form.words,
    "venue" form.words,
    "waited_ms" form.whole
);
create type form.of_order_expired as (
    "order" form.words,
    "session" form.words
);
create domain form.one_of_buy_sell as text not null check (value in ('buy', 'sell'));
create type form.of_order_filled as (
    "account" form.words,
    "executed_at" form.moment,
    "execution" form.words,
    "fee" form.amount_from_0,
    "order" form.words,
    "price" form.amount_above_0,
    "quantity" form.amount_above_0,
    "settles_on" form.words,
    "side" form.one_of_buy_sell,
    "symbol" form.words,
    "trade_date" form.words,
    "venue" form.words
);
create type form.of_order_rejected as (
    "order" form.words,
    "reason" form.words,
    "venue" form.words
);
create domain form.one_of_market_limit as text not null check (value in ('market', 'limit'));
create domain form.one_of_day as text not null check (value in ('day'));
create type form.of_order_released as (
    "account" form.words,
    "digest" form.words,
    "executed_before" form.amount_or_none,
    "leg" form.whole,
    "limit_price" form.amount_or_none,
    "order" form.words,
    "order_type" form.one_of_market_limit,
    "proposal" form.words,
    "quantity" form.amount,
    "replaces" form.words_or_none,
    "side" form.one_of_buy_sell,
    "symbol" form.words,
    "time_in_force" form.one_of_day
);
create type form.of_order_replaced as (
    "by" form.words,
    "executed" form.amount_from_0,
    "order" form.words,
    "venue" form.words
);
create type form.of_route_score as (
    "expected_cost" form.amount_or_none,
    "says" form.words,
    "score" form.amount_or_none,
    "venue" form.words
);
create domain form.a_route_score as form.of_route_score not null;
create domain form.list_of_a_route_score as form.a_route_score[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_order_routed as (
    "order" form.words,
    "scores" form.list_of_a_route_score,
    "venue" form.words
);
create type form.of_order_sent as (
    "body_digest" form.words,
    "order" form.words,
    "venue" form.words
);
create type form.of_order_withheld as (
    "body_digest" form.words,
    "order" form.words,
    "says" form.words,
    "venue" form.words
);
create type form.of_password_reset as (
    "person" form.words
);
create type form.of_pay_recorded as (
    "accounts" form.list_of_words,
    "advisors" form.list_of_words,
    "households" form.list_of_words,
    "person" form.words
);
create domain form.one_of_6_5c5c8c99 as text not null check (value in ('advisor', 'principal', 'compliance', 'operations', 'auditor', 'research'));
create type form.of_person_engaged as (
    "login" form.words,
    "name" form.a_sealed,
    "person" form.words,
    "related_households" form.list_of_words,
    "reports_to" form.words_or_none,
    "role" form.one_of_6_5c5c8c99
);
create type form.of_policy_denied as (
    "action" form.words,
    "code" form.words,
    "person" form.words,
    "policies" form.list_of_words,
    "policy_set" form.words,
    "resource" form.words
);
create domain form.one_of_principal_compliance as text not null check (value in ('principal', 'compliance'));
create type form.of_reason as (
    "policy" form.words,
    "text" form.a_sealed
);
create domain form.a_reason as form.of_reason not null;
create domain form.list_of_a_reason as form.a_reason[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_totp_password_or_none as text check (value in ('totp', 'password'));
create type form.of_proposal_approved as (
    "capacity" form.one_of_principal_compliance,
    "digest" form.words,
    "proposal" form.words,
    "reasons" form.list_of_a_reason,
    "step_up" form.one_of_totp_password_or_none
);
create type form.of_proposal_assessed as (
    "content" form.words,
    "digest" form.words,
    "findings" form.list_of_a_finding,
    "needs_consent" form.yes_or_no,
    "preview" form.words,
    "proposal" form.words,
    "tier" form.one_of_1_2_3
);
create type form.of_proposal_declined as (
    "digest" form.words,
    "proposal" form.words,
    "reason" form.a_sealed
);
create domain form.one_of_draft_release as text not null check (value in ('draft', 'release'));
create type form.of_proposal_denied as (
    "at" form.one_of_draft_release,
    "differences" form.list_of_words,
    "findings" form.list_of_a_finding,
    "proposal" form.words
);
create domain form.whole_above_0 as bigint not null check (abs(value) <= 9007199254740991 and value > 0);
create type form.of_span as (
    "end" form.whole_above_0,
    "field" form.words,
    "message" form.words,
    "start" form.whole_from_0
);
create domain form.a_span as form.of_span not null;
create domain form.list_of_a_span as form.a_span[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_rebalance_order as text not null check (value in ('rebalance', 'order'));
create domain form.one_of_market_limit_or_none as text check (value in ('market', 'limit'));
create domain form.one_of_buy_sell_or_none as text check (value in ('buy', 'sell'));
create type form.of_request as (
    "accounts" form.list_of_words,
    "household" form.words,
    "kind" form.one_of_rebalance_order,
    "limit_price" form.amount_or_none,
    "order_type" form.one_of_market_limit_or_none,
    "quantity" form.amount_or_none,
    "side" form.one_of_buy_sell_or_none,
    "symbol" form.words_or_none
);
create domain form.a_request as form.of_request not null;
create type form.of_proposal_drafted as (
    "agent" form.words_or_none,
    "proposal" form.words,
    "provenance" form.list_of_a_span,
    "request" form.a_request,
    "supersedes" form.words_or_none,
    "thread" form.words_or_none
);
create domain form.one_of_deputies_compliance_operations as text not null check (value in ('deputies', 'compliance', 'operations'));
create type form.of_proposal_escalated as (
    "addressed" form.one_of_deputies_compliance_operations,
    "digest" form.words,
    "ladder" form.words,
    "people" form.list_of_words,
    "proposal" form.words,
    "rung" form.whole_from_1,
    "waited_minutes" form.whole_from_0
);
create type form.of_proposal_lapsed as (
    "proposal" form.words,
    "session" form.words
);
create type form.of_proposal_reassessed as (
    "digest" form.words,
    "limits" form.words,
    "proposal" form.words
);
create type form.of_leg_comment as (
    "leg" form.whole,
    "text" form.a_sealed
);
create domain form.a_leg_comment as form.of_leg_comment not null;
create domain form.list_of_a_leg_comment as form.a_leg_comment[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_proposal_returned as (
    "comment" form.a_sealed,
    "comments" form.list_of_a_leg_comment,
    "digest" form.words,
    "proposal" form.words
);
create type form.of_proposal_submitted as (
    "digest" form.words,
    "proposal" form.words,
    "reasons" form.list_of_a_reason
);
create type form.of_proposal_withdrawn as (
    "proposal" form.words
);
create domain form.one_of_s7_s14_s24_s66 as text not null check (value in ('S7', 'S14', 'S24', 'S66'));
create type form.of_registration_recorded as (
    "person" form.words,
    "registration" form.one_of_s7_s14_s24_s66,
    "valid_from" form.words,
    "valid_until" form.words_or_none
);
create type form.of_relation_recorded as (
    "person" form.words,
    "related_households" form.list_of_words
);
create type form.of_replace_refused as (
    "by" form.words,
    "order" form.words,
    "reason" form.words
);
create type form.of_replace_requested as (
    "by" form.words,
    "order" form.words
);
create type form.of_replacement_sized as (
    "executed" form.amount_from_0,
    "order" form.words,
    "quantity" form.amount_above_0,
    "replaces" form.words
);
create type form.of_reporting_line_changed as (
    "person" form.words,
    "reports_to" form.words_or_none
);
create type form.of_restriction_placed as (
    "placed_on" form.words,
    "symbol" form.words
);
create type form.of_retention_lengthened as (
    "kind" form.words,
    "years" form.whole
);
create domain form.one_of_low_medium_high as text not null check (value in ('low', 'medium', 'high'));
create domain form.one_of_conservative_income_balanced_growth as text not null check (value in ('conservative', 'income', 'balanced', 'growth'));
create type form.of_risk_profile_recorded as (
    "horizon_years" form.whole,
    "household" form.words,
    "liquidity_need" form.one_of_low_medium_high,
    "objective" form.one_of_conservative_income_balanced_growth,
    "recorded_on" form.words
);
create domain form.whole_from_1900 as bigint not null check (abs(value) <= 9007199254740991 and value >= 1900);
create type form.of_rmd_determined as (
    "account" form.words,
    "amount" form.amount_from_0,
    "due_on" form.words,
    "year" form.whole_from_1900
);
create type form.of_session_opened as (
    "person" form.words
);
create domain form.one_of_entry_exit_profit_take_stop_loss as text not null check (value in ('entry', 'exit', 'profit_take', 'stop_loss'));
create type form.of_signal_received as (
    "account" form.words,
    "limit_price" form.amount_or_none,
    "machine" form.words,
    "proposal" form.words,
    "purpose" form.one_of_entry_exit_profit_take_stop_loss,
    "quantity" form.amount_above_0,
    "side" form.one_of_buy_sell,
    "symbol" form.words
);
create type form.of_signals_switched as (
    "account" form.words,
    "machine" form.words,
    "on" form.yes_or_no
);
create domain form.words_a4e1a57a as text not null check (value ~ '^std-[0-9a-f]{32}$');
create type form.of_standing_approval_confirmed as (
    "digest" form.words,
    "standing" form.words_a4e1a57a
);
create type form.of_standing_approval_drawn as (
    "digest" form.words,
    "dollars" form.amount_above_0,
    "proposal" form.words,
    "session" form.words,
    "standing" form.words,
    "terms_digest" form.words
);
create domain form.whole_from_1_to_1000 as bigint not null check (abs(value) <= 9007199254740991 and value >= 1 and value <= 1000);
create domain form.one_of_1 as bigint not null check (value in (1));
create type form.of_standing_terms as (
    "advisors" form.list_of_words,
    "dollars_a_day" form.amount_above_0,
    "dollars_each" form.amount_above_0,
    "dollars_in_all" form.amount_above_0,
    "households" form.list_of_words,
    "kind" form.one_of_rebalance_order,
    "proposals_a_day" form.whole_from_1_to_1000,
    "symbols" form.list_of_words,
    "tier" form.one_of_1,
    "valid_from" form.words_17088065,
    "valid_until" form.words_17088065
);
create domain form.a_standing_terms as form.of_standing_terms not null;
create type form.of_standing_approval_proposed as (
    "digest" form.words,
    "standing" form.words_a4e1a57a,
    "terms" form.a_standing_terms
);
create type form.of_standing_approval_revoked as (
    "standing" form.words_a4e1a57a
);
create type form.of_standing_draw_voided as (
    "proposal" form.words,
    "standing" form.words
);
create type form.of_standing_reviewed as (
    "digest" form.words,
    "session" form.words_17088065,
    "standing" form.words_a4e1a57a
);
create domain form.moment_or_none as text check (value ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid(value, 'timestamptz'));
create domain form.one_of_route_plan_think_park_resume_answer as text not null check (value in ('route', 'plan', 'think', 'park', 'resume', 'answer'));
create domain form.one_of_endpoint_rule_nobody as text not null check (value in ('endpoint', 'rule', 'nobody'));
create domain form.one_of_instructions_advisor_copilot_tool as text not null check (value in ('instructions', 'advisor', 'copilot', 'tool'));
create type form.of_read as (
    "by" form.one_of_instructions_advisor_copilot_tool,
    "words" form.a_words
);
create domain form.a_read as form.of_read not null;
create domain form.list_of_a_read as form.a_read[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_thought as (
    "answered_as" form.words_or_none,
    "asks" form.list_of_words,
    "catalogue_digest" form.words_or_none,
    "cost_usd" form.amount_or_none,
    "counted_by" form.one_of_endpoint_rule_nobody,
    "input_tokens" form.whole,
    "output_tokens" form.whole,
    "prompt_digest" form.words_or_none,
    "read" form.list_of_a_read,
    "said" form.a_words_or_none
);
create domain form.a_thought_or_none as form.of_thought;
create type form.of_step_taken as (
    "agent" form.words,
    "model" form.words,
    "started_at" form.moment_or_none,
    "step" form.one_of_route_plan_think_park_resume_answer,
    "thought" form.a_thought_or_none,
    "thread" form.words,
    "took_ms" form.whole
);
create type form.of_strategy_admitted as (
    "advisor" form.words,
    "days" form.whole_from_1_to_400,
    "key_hash" form.words_52f851fa,
    "machine" form.words_b12e32c2
);
create type form.of_reached as (
    "count" form.whole,
    "store" form.words
);
create domain form.a_reached as form.of_reached not null;
create domain form.list_of_a_reached as form.a_reached[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_unreached as (
    "store" form.words,
    "why" form.words
);
create domain form.a_unreached as form.of_unreached not null;
create domain form.list_of_a_unreached as form.a_unreached[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_subject_forgotten as (
    "request" form.words,
    "stores" form.list_of_a_reached,
    "subject" form.words,
    "unreached" form.list_of_a_unreached
);
create type form.of_subject_key_rotated as (
    "request" form.words,
    "subject" form.words,
    "version" form.whole
);
create type form.of_thread_opened as (
    "household" form.words_or_none,
    "thread" form.words
);
create type form.of_tool_called as (
    "agent" form.words,
    "as_of" form.moment_or_none,
    "ask" form.a_sealed,
    "call" form.words,
    "outcome" form.one_of_answered_refused,
    "refusal" form.words_or_none,
    "source" form.words_or_none,
    "started_at" form.moment_or_none,
    "thread" form.words,
    "took_ms" form.whole,
    "tool" form.words
);
create type form.of_trade_allocated as (
    "account" form.words,
    "average_price" form.amount,
    "fees" form.amount,
    "order" form.words,
    "quantity" form.amount,
    "settles_on" form.words,
    "side" form.one_of_buy_sell,
    "symbol" form.words,
    "trade_date" form.words
);
create type form.of_trade_confirmed as (
    "account" form.words,
    "order" form.words,
    "trade_date" form.words
);
create type form.of_trade_settled as (
    "account" form.words,
    "net_amount" form.amount,
    "order" form.words,
    "trade_date" form.words
);
create domain form.one_of_person_machine_alert_file as text not null check (value in ('person', 'machine', 'alert', 'file'));
create type form.of_trading_halted as (
    "alert" form.words_or_none,
    "cause" form.one_of_person_machine_alert_file,
    "halt" form.words,
    "halted_at" form.moment_or_none,
    "named" form.words_or_none,
    "reason" form.a_sealed_or_none,
    "scope" form.words
);
create type form.of_trading_resumed as (
    "halts" form.list_of_words,
    "scope" form.words
);
create type form.of_watch_listed as (
    "entry" form.a_sealed,
    "watch" form.words
);
create type form.of_watch_unlisted as (
    "watch" form.words
);
create type form.of_withdrawal_scheduled as (
    "account" form.words,
    "amount" form.amount,
    "due_on" form.words,
    "schedule" form.words
);

-- The RFC 8785 text of a payload of that kind; null of a kind that has no form. A value that is
-- not of its field's type raises. Found by halves: the server makes ready what it comes by alone.
create or replace function gatehouse.form_text(event_type text, payload jsonb) returns text
    language plpgsql stable as $$
begin
    if event_type < 'OrderDoubted' collate "C" then
        if event_type < 'DocumentStored' collate "C" then
            if event_type < 'BusinessDayClosed' collate "C" then
                if event_type < 'AuthenticatorRemoved' collate "C" then
                    if event_type < 'AlertRaised' collate "C" then
                        if event_type < 'AccountOpened' collate "C" then
                            if event_type = 'AccountClosed' then return row_to_json(jsonb_populate_record(null::form.of_account_closed, payload))::text; end if;
                        else
                            if event_type < 'AlertAcknowledged' collate "C" then
                                if event_type = 'AccountOpened' then return row_to_json(jsonb_populate_record(null::form.of_account_opened, payload))::text; end if;
                            else
                                if event_type = 'AlertAcknowledged' then return row_to_json(jsonb_populate_record(null::form.of_alert_acknowledged, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'AttemptRefused' collate "C" then
                            if event_type < 'AnswerGiven' collate "C" then
                                if event_type = 'AlertRaised' then return row_to_json(jsonb_populate_record(null::form.of_alert_raised, payload))::text; end if;
                            else
                                if event_type = 'AnswerGiven' then return row_to_json(jsonb_populate_record(null::form.of_answer_given, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'AuthenticatorEnrolled' collate "C" then
                                if event_type = 'AttemptRefused' then return row_to_json(jsonb_populate_record(null::form.of_attempt_refused, payload))::text; end if;
                            else
                                if event_type = 'AuthenticatorEnrolled' then return row_to_json(jsonb_populate_record(null::form.of_authenticator_enrolled, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'BatchDeclined' collate "C" then
                        if event_type < 'BatchApproved' collate "C" then
                            if event_type = 'AuthenticatorRemoved' then return row_to_json(jsonb_populate_record(null::form.of_authenticator_removed, payload))::text; end if;
                        else
                            if event_type < 'BatchAssembled' collate "C" then
                                if event_type = 'BatchApproved' then return row_to_json(jsonb_populate_record(null::form.of_batch_approved, payload))::text; end if;
                            else
                                if event_type = 'BatchAssembled' then return row_to_json(jsonb_populate_record(null::form.of_batch_assembled, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'BatchSubmitted' collate "C" then
                            if event_type < 'BatchReturned' collate "C" then
                                if event_type = 'BatchDeclined' then return row_to_json(jsonb_populate_record(null::form.of_batch_declined, payload))::text; end if;
                            else
                                if event_type = 'BatchReturned' then return row_to_json(jsonb_populate_record(null::form.of_batch_returned, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'BusinessDayCloseRequested' collate "C" then
                                if event_type = 'BatchSubmitted' then return row_to_json(jsonb_populate_record(null::form.of_batch_submitted, payload))::text; end if;
                            else
                                if event_type = 'BusinessDayCloseRequested' then return row_to_json(jsonb_populate_record(null::form.of_business_day_close_requested, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'DecisionTaken' collate "C" then
                    if event_type < 'CancelRequested' collate "C" then
                        if event_type < 'BusinessDayOpenRequested' collate "C" then
                            if event_type = 'BusinessDayClosed' then return row_to_json(jsonb_populate_record(null::form.of_business_day_closed, payload))::text; end if;
                        else
                            if event_type < 'BusinessDayOpened' collate "C" then
                                if event_type = 'BusinessDayOpenRequested' then return row_to_json(jsonb_populate_record(null::form.of_business_day_open_requested, payload))::text; end if;
                            else
                                if event_type = 'BusinessDayOpened' then return row_to_json(jsonb_populate_record(null::form.of_business_day_opened, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ConsentRecorded' collate "C" then
                            if event_type < 'CashDeposited' collate "C" then
                                if event_type = 'CancelRequested' then return row_to_json(jsonb_populate_record(null::form.of_cancel_requested, payload))::text; end if;
                            else
                                if event_type = 'CashDeposited' then return row_to_json(jsonb_populate_record(null::form.of_cash_deposited, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'CustodianAppointed' collate "C" then
                                if event_type = 'ConsentRecorded' then return row_to_json(jsonb_populate_record(null::form.of_consent_recorded, payload))::text; end if;
                            else
                                if event_type = 'CustodianAppointed' then return row_to_json(jsonb_populate_record(null::form.of_custodian_appointed, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'DelegateNamed' collate "C" then
                        if event_type < 'DelegateConfirmed' collate "C" then
                            if event_type = 'DecisionTaken' then return row_to_json(jsonb_populate_record(null::form.of_decision_taken, payload))::text; end if;
                        else
                            if event_type < 'DelegateEnded' collate "C" then
                                if event_type = 'DelegateConfirmed' then return row_to_json(jsonb_populate_record(null::form.of_delegate_confirmed, payload))::text; end if;
                            else
                                if event_type = 'DelegateEnded' then return row_to_json(jsonb_populate_record(null::form.of_delegate_ended, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'DeputyNamed' collate "C" then
                            if event_type < 'DeputyEnded' collate "C" then
                                if event_type = 'DelegateNamed' then return row_to_json(jsonb_populate_record(null::form.of_delegate_named, payload))::text; end if;
                            else
                                if event_type = 'DeputyEnded' then return row_to_json(jsonb_populate_record(null::form.of_deputy_ended, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'DoNotTradePlaced' collate "C" then
                                if event_type = 'DeputyNamed' then return row_to_json(jsonb_populate_record(null::form.of_deputy_named, payload))::text; end if;
                            else
                                if event_type = 'DoNotTradePlaced' then return row_to_json(jsonb_populate_record(null::form.of_do_not_trade_placed, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        else
            if event_type < 'LegalHoldLiftRequested' collate "C" then
                if event_type < 'ForgettingWithdrawn' collate "C" then
                    if event_type < 'ForgetConfirmed' collate "C" then
                        if event_type < 'FeeScheduled' collate "C" then
                            if event_type = 'DocumentStored' then return row_to_json(jsonb_populate_record(null::form.of_document_stored, payload))::text; end if;
                        else
                            if event_type < 'FirmFounded' collate "C" then
                                if event_type = 'FeeScheduled' then return row_to_json(jsonb_populate_record(null::form.of_fee_scheduled, payload))::text; end if;
                            else
                                if event_type = 'FirmFounded' then return row_to_json(jsonb_populate_record(null::form.of_firm_founded, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ForgettingBegun' collate "C" then
                            if event_type < 'ForgetRequested' collate "C" then
                                if event_type = 'ForgetConfirmed' then return row_to_json(jsonb_populate_record(null::form.of_forget_confirmed, payload))::text; end if;
                            else
                                if event_type = 'ForgetRequested' then return row_to_json(jsonb_populate_record(null::form.of_forget_requested, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ForgettingDeclined' collate "C" then
                                if event_type = 'ForgettingBegun' then return row_to_json(jsonb_populate_record(null::form.of_forgetting_begun, payload))::text; end if;
                            else
                                if event_type = 'ForgettingDeclined' then return row_to_json(jsonb_populate_record(null::form.of_forgetting_declined, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'IpsAdopted' collate "C" then
                        if event_type < 'HouseholdOpened' collate "C" then
                            if event_type = 'ForgettingWithdrawn' then return row_to_json(jsonb_populate_record(null::form.of_forgetting_withdrawn, payload))::text; end if;
                        else
                            if event_type < 'InstrumentListed' collate "C" then
                                if event_type = 'HouseholdOpened' then return row_to_json(jsonb_populate_record(null::form.of_household_opened, payload))::text; end if;
                            else
                                if event_type = 'InstrumentListed' then return row_to_json(jsonb_populate_record(null::form.of_instrument_listed, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'KeyRotationRequested' collate "C" then
                            if event_type < 'KeyRotationFinished' collate "C" then
                                if event_type = 'IpsAdopted' then return row_to_json(jsonb_populate_record(null::form.of_ips_adopted, payload))::text; end if;
                            else
                                if event_type = 'KeyRotationFinished' then return row_to_json(jsonb_populate_record(null::form.of_key_rotation_finished, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'LegalHoldKept' collate "C" then
                                if event_type = 'KeyRotationRequested' then return row_to_json(jsonb_populate_record(null::form.of_key_rotation_requested, payload))::text; end if;
                            else
                                if event_type = 'LegalHoldKept' then return row_to_json(jsonb_populate_record(null::form.of_legal_hold_kept, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'MachineAdmitted' collate "C" then
                    if event_type < 'LimitsConfirmed' collate "C" then
                        if event_type < 'LegalHoldLifted' collate "C" then
                            if event_type = 'LegalHoldLiftRequested' then return row_to_json(jsonb_populate_record(null::form.of_legal_hold_lift_requested, payload))::text; end if;
                        else
                            if event_type < 'LegalHoldPlaced' collate "C" then
                                if event_type = 'LegalHoldLifted' then return row_to_json(jsonb_populate_record(null::form.of_legal_hold_lifted, payload))::text; end if;
                            else
                                if event_type = 'LegalHoldPlaced' then return row_to_json(jsonb_populate_record(null::form.of_legal_hold_placed, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'LimitsWithdrawn' collate "C" then
                            if event_type < 'LimitsProposed' collate "C" then
                                if event_type = 'LimitsConfirmed' then return row_to_json(jsonb_populate_record(null::form.of_limits_confirmed, payload))::text; end if;
                            else
                                if event_type = 'LimitsProposed' then return row_to_json(jsonb_populate_record(null::form.of_limits_proposed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'LotReceived' collate "C" then
                                if event_type = 'LimitsWithdrawn' then return row_to_json(jsonb_populate_record(null::form.of_limits_withdrawn, payload))::text; end if;
                            else
                                if event_type = 'LotReceived' then return row_to_json(jsonb_populate_record(null::form.of_lot_received, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'ObservationMade' collate "C" then
                        if event_type < 'MessageReceived' collate "C" then
                            if event_type < 'MachineDismissed' collate "C" then
                                if event_type = 'MachineAdmitted' then return row_to_json(jsonb_populate_record(null::form.of_machine_admitted, payload))::text; end if;
                            else
                                if event_type = 'MachineDismissed' then return row_to_json(jsonb_populate_record(null::form.of_machine_dismissed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ModelPublished' collate "C" then
                                if event_type = 'MessageReceived' then return row_to_json(jsonb_populate_record(null::form.of_message_received, payload))::text; end if;
                            else
                                if event_type = 'ModelPublished' then return row_to_json(jsonb_populate_record(null::form.of_model_published, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'OrderCancelled' collate "C" then
                            if event_type < 'OrderAccepted' collate "C" then
                                if event_type = 'ObservationMade' then return row_to_json(jsonb_populate_record(null::form.of_observation_made, payload))::text; end if;
                            else
                                if event_type = 'OrderAccepted' then return row_to_json(jsonb_populate_record(null::form.of_order_accepted, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'OrderDenied' collate "C" then
                                if event_type = 'OrderCancelled' then return row_to_json(jsonb_populate_record(null::form.of_order_cancelled, payload))::text; end if;
                            else
                                if event_type = 'OrderDenied' then return row_to_json(jsonb_populate_record(null::form.of_order_denied, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        end if;
    else
        if event_type < 'ReplacementSized' collate "C" then
            if event_type < 'ProposalAssessed' collate "C" then
                if event_type < 'OrderSent' collate "C" then
                    if event_type < 'OrderRejected' collate "C" then
                        if event_type < 'OrderExpired' collate "C" then
                            if event_type = 'OrderDoubted' then return row_to_json(jsonb_populate_record(null::form.of_order_doubted, payload))::text; end if;
                        else
                            if event_type < 'OrderFilled' collate "C" then
                                if event_type = 'OrderExpired' then return row_to_json(jsonb_populate_record(null::form.of_order_expired, payload))::text; end if;
                            else
                                if event_type = 'OrderFilled' then return row_to_json(jsonb_populate_record(null::form.of_order_filled, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'OrderReplaced' collate "C" then
                            if event_type < 'OrderReleased' collate "C" then
                                if event_type = 'OrderRejected' then return row_to_json(jsonb_populate_record(null::form.of_order_rejected, payload))::text; end if;
                            else
                                if event_type = 'OrderReleased' then return row_to_json(jsonb_populate_record(null::form.of_order_released, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'OrderRouted' collate "C" then
                                if event_type = 'OrderReplaced' then return row_to_json(jsonb_populate_record(null::form.of_order_replaced, payload))::text; end if;
                            else
                                if event_type = 'OrderRouted' then return row_to_json(jsonb_populate_record(null::form.of_order_routed, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'PayRecorded' collate "C" then
                        if event_type < 'OrderWithheld' collate "C" then
                            if event_type = 'OrderSent' then return row_to_json(jsonb_populate_record(null::form.of_order_sent, payload))::text; end if;
                        else
                            if event_type < 'PasswordReset' collate "C" then
                                if event_type = 'OrderWithheld' then return row_to_json(jsonb_populate_record(null::form.of_order_withheld, payload))::text; end if;
                            else
                                if event_type = 'PasswordReset' then return row_to_json(jsonb_populate_record(null::form.of_password_reset, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'PolicyDenied' collate "C" then
                            if event_type < 'PersonEngaged' collate "C" then
                                if event_type = 'PayRecorded' then return row_to_json(jsonb_populate_record(null::form.of_pay_recorded, payload))::text; end if;
                            else
                                if event_type = 'PersonEngaged' then return row_to_json(jsonb_populate_record(null::form.of_person_engaged, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ProposalApproved' collate "C" then
                                if event_type = 'PolicyDenied' then return row_to_json(jsonb_populate_record(null::form.of_policy_denied, payload))::text; end if;
                            else
                                if event_type = 'ProposalApproved' then return row_to_json(jsonb_populate_record(null::form.of_proposal_approved, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'ProposalReturned' collate "C" then
                    if event_type < 'ProposalDrafted' collate "C" then
                        if event_type < 'ProposalDeclined' collate "C" then
                            if event_type = 'ProposalAssessed' then return row_to_json(jsonb_populate_record(null::form.of_proposal_assessed, payload))::text; end if;
                        else
                            if event_type < 'ProposalDenied' collate "C" then
                                if event_type = 'ProposalDeclined' then return row_to_json(jsonb_populate_record(null::form.of_proposal_declined, payload))::text; end if;
                            else
                                if event_type = 'ProposalDenied' then return row_to_json(jsonb_populate_record(null::form.of_proposal_denied, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ProposalLapsed' collate "C" then
                            if event_type < 'ProposalEscalated' collate "C" then
                                if event_type = 'ProposalDrafted' then return row_to_json(jsonb_populate_record(null::form.of_proposal_drafted, payload))::text; end if;
                            else
                                if event_type = 'ProposalEscalated' then return row_to_json(jsonb_populate_record(null::form.of_proposal_escalated, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ProposalReassessed' collate "C" then
                                if event_type = 'ProposalLapsed' then return row_to_json(jsonb_populate_record(null::form.of_proposal_lapsed, payload))::text; end if;
                            else
                                if event_type = 'ProposalReassessed' then return row_to_json(jsonb_populate_record(null::form.of_proposal_reassessed, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'RegistrationRecorded' collate "C" then
                        if event_type < 'ProposalSubmitted' collate "C" then
                            if event_type = 'ProposalReturned' then return row_to_json(jsonb_populate_record(null::form.of_proposal_returned, payload))::text; end if;
                        else
                            if event_type < 'ProposalWithdrawn' collate "C" then
                                if event_type = 'ProposalSubmitted' then return row_to_json(jsonb_populate_record(null::form.of_proposal_submitted, payload))::text; end if;
                            else
                                if event_type = 'ProposalWithdrawn' then return row_to_json(jsonb_populate_record(null::form.of_proposal_withdrawn, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ReplaceRefused' collate "C" then
                            if event_type < 'RelationRecorded' collate "C" then
                                if event_type = 'RegistrationRecorded' then return row_to_json(jsonb_populate_record(null::form.of_registration_recorded, payload))::text; end if;
                            else
                                if event_type = 'RelationRecorded' then return row_to_json(jsonb_populate_record(null::form.of_relation_recorded, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ReplaceRequested' collate "C" then
                                if event_type = 'ReplaceRefused' then return row_to_json(jsonb_populate_record(null::form.of_replace_refused, payload))::text; end if;
                            else
                                if event_type = 'ReplaceRequested' then return row_to_json(jsonb_populate_record(null::form.of_replace_requested, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        else
            if event_type < 'StandingReviewed' collate "C" then
                if event_type < 'SignalReceived' collate "C" then
                    if event_type < 'RetentionLengthened' collate "C" then
                        if event_type < 'ReportingLineChanged' collate "C" then
                            if event_type = 'ReplacementSized' then return row_to_json(jsonb_populate_record(null::form.of_replacement_sized, payload))::text; end if;
                        else
                            if event_type < 'RestrictionPlaced' collate "C" then
                                if event_type = 'ReportingLineChanged' then return row_to_json(jsonb_populate_record(null::form.of_reporting_line_changed, payload))::text; end if;
                            else
                                if event_type = 'RestrictionPlaced' then return row_to_json(jsonb_populate_record(null::form.of_restriction_placed, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'RmdDetermined' collate "C" then
                            if event_type < 'RiskProfileRecorded' collate "C" then
                                if event_type = 'RetentionLengthened' then return row_to_json(jsonb_populate_record(null::form.of_retention_lengthened, payload))::text; end if;
                            else
                                if event_type = 'RiskProfileRecorded' then return row_to_json(jsonb_populate_record(null::form.of_risk_profile_recorded, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'SessionOpened' collate "C" then
                                if event_type = 'RmdDetermined' then return row_to_json(jsonb_populate_record(null::form.of_rmd_determined, payload))::text; end if;
                            else
                                if event_type = 'SessionOpened' then return row_to_json(jsonb_populate_record(null::form.of_session_opened, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'StandingApprovalDrawn' collate "C" then
                        if event_type < 'SignalsSwitched' collate "C" then
                            if event_type = 'SignalReceived' then return row_to_json(jsonb_populate_record(null::form.of_signal_received, payload))::text; end if;
                        else
                            if event_type < 'StandingApprovalConfirmed' collate "C" then
                                if event_type = 'SignalsSwitched' then return row_to_json(jsonb_populate_record(null::form.of_signals_switched, payload))::text; end if;
                            else
                                if event_type = 'StandingApprovalConfirmed' then return row_to_json(jsonb_populate_record(null::form.of_standing_approval_confirmed, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'StandingApprovalRevoked' collate "C" then
                            if event_type < 'StandingApprovalProposed' collate "C" then
                                if event_type = 'StandingApprovalDrawn' then return row_to_json(jsonb_populate_record(null::form.of_standing_approval_drawn, payload))::text; end if;
                            else
                                if event_type = 'StandingApprovalProposed' then return row_to_json(jsonb_populate_record(null::form.of_standing_approval_proposed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'StandingDrawVoided' collate "C" then
                                if event_type = 'StandingApprovalRevoked' then return row_to_json(jsonb_populate_record(null::form.of_standing_approval_revoked, payload))::text; end if;
                            else
                                if event_type = 'StandingDrawVoided' then return row_to_json(jsonb_populate_record(null::form.of_standing_draw_voided, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'TradeAllocated' collate "C" then
                    if event_type < 'SubjectForgotten' collate "C" then
                        if event_type < 'StepTaken' collate "C" then
                            if event_type = 'StandingReviewed' then return row_to_json(jsonb_populate_record(null::form.of_standing_reviewed, payload))::text; end if;
                        else
                            if event_type < 'StrategyAdmitted' collate "C" then
                                if event_type = 'StepTaken' then return row_to_json(jsonb_populate_record(null::form.of_step_taken, payload))::text; end if;
                            else
                                if event_type = 'StrategyAdmitted' then return row_to_json(jsonb_populate_record(null::form.of_strategy_admitted, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ThreadOpened' collate "C" then
                            if event_type < 'SubjectKeyRotated' collate "C" then
                                if event_type = 'SubjectForgotten' then return row_to_json(jsonb_populate_record(null::form.of_subject_forgotten, payload))::text; end if;
                            else
                                if event_type = 'SubjectKeyRotated' then return row_to_json(jsonb_populate_record(null::form.of_subject_key_rotated, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ToolCalled' collate "C" then
                                if event_type = 'ThreadOpened' then return row_to_json(jsonb_populate_record(null::form.of_thread_opened, payload))::text; end if;
                            else
                                if event_type = 'ToolCalled' then return row_to_json(jsonb_populate_record(null::form.of_tool_called, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'TradingResumed' collate "C" then
                        if event_type < 'TradeSettled' collate "C" then
                            if event_type < 'TradeConfirmed' collate "C" then
                                if event_type = 'TradeAllocated' then return row_to_json(jsonb_populate_record(null::form.of_trade_allocated, payload))::text; end if;
                            else
                                if event_type = 'TradeConfirmed' then return row_to_json(jsonb_populate_record(null::form.of_trade_confirmed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'TradingHalted' collate "C" then
                                if event_type = 'TradeSettled' then return row_to_json(jsonb_populate_record(null::form.of_trade_settled, payload))::text; end if;
                            else
                                if event_type = 'TradingHalted' then return row_to_json(jsonb_populate_record(null::form.of_trading_halted, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'WatchUnlisted' collate "C" then
                            if event_type < 'WatchListed' collate "C" then
                                if event_type = 'TradingResumed' then return row_to_json(jsonb_populate_record(null::form.of_trading_resumed, payload))::text; end if;
                            else
                                if event_type = 'WatchListed' then return row_to_json(jsonb_populate_record(null::form.of_watch_listed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'WithdrawalScheduled' collate "C" then
                                if event_type = 'WatchUnlisted' then return row_to_json(jsonb_populate_record(null::form.of_watch_unlisted, payload))::text; end if;
                            else
                                if event_type = 'WithdrawalScheduled' then return row_to_json(jsonb_populate_record(null::form.of_withdrawal_scheduled, payload))::text; end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        end if;
    end if;
    return null;
end $$;
revoke all on all functions in schema gatehouse from public;
