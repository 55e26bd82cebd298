-- The form of every kind of event, drawn from its fact by `python -m core.ledger.forms`.

create domain gatehouse.words as text not null;
create type gatehouse.form_account_closed as (
    "account" gatehouse.words,
    "closed_on" gatehouse.words
);
create domain gatehouse.one_of_advisory_brokerage as text not null check (value in ('advisory', 'brokerage'));
create domain gatehouse.yes_or_no as boolean not null;
create domain gatehouse.one_of_taxable_ira_roth_trust_joint as text not null check (value in ('taxable', 'ira', 'roth', 'trust', 'joint'));
create domain gatehouse.words_or_none as text;
create domain gatehouse.list_of_words as gatehouse.words[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain gatehouse.one_of_open_frozen_transferring_out as text not null check (value in ('open', 'frozen', 'transferring_out'));
create type gatehouse.form_account_opened as (
    "account" gatehouse.words,
    "advisor" gatehouse.words,
    "capacity" gatehouse.one_of_advisory_brokerage,
    "custodian" gatehouse.words,
    "discretionary" gatehouse.yes_or_no,
    "household" gatehouse.words,
    "kind" gatehouse.one_of_taxable_ira_roth_trust_joint,
    "model" gatehouse.words_or_none,
    "opened_on" gatehouse.words,
    "owners" gatehouse.list_of_words,
    "status" gatehouse.one_of_open_frozen_transferring_out
);
create domain gatehouse.whole as bigint not null check (abs(value) <= 9007199254740991);
create type gatehouse.form_cited as (
    "sentence" gatehouse.whole,
    "source" gatehouse.words
);
create domain gatehouse.a_cited as gatehouse.form_cited not null;
create domain gatehouse.list_of_a_cited as gatehouse.a_cited[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_sealed as (
    "key" gatehouse.whole,
    "sealed" gatehouse.words,
    "subject" gatehouse.words
);
create domain gatehouse.a_sealed as gatehouse.form_sealed not null;
create type gatehouse.form_answer_given as (
    "cited" gatehouse.list_of_a_cited,
    "message" gatehouse.words,
    "model" gatehouse.words,
    "text" gatehouse.a_sealed,
    "thread" gatehouse.words
);
create type gatehouse.form_attempt_refused as (
    "attempted" gatehouse.words,
    "code" gatehouse.words,
    "text_digest" gatehouse.words
);
create type gatehouse.form_business_day_close_requested as (
    "session" gatehouse.words
);
create domain gatehouse.moment as text not null check (value ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid(value, 'timestamptz'));
create type gatehouse.form_business_day_closed as (
    "at" gatehouse.moment,
    "session" gatehouse.words
);
create type gatehouse.form_business_day_open_requested as (
    "session" gatehouse.words
);
create type gatehouse.form_business_day_opened as (
    "at" gatehouse.moment,
    "session" gatehouse.words
);
create domain gatehouse.amount_above_0 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric > 0);
create type gatehouse.form_cash_deposited as (
    "account" gatehouse.words,
    "amount" gatehouse.amount_above_0,
    "deposit" gatehouse.words,
    "held_until" gatehouse.words_or_none
);
create domain gatehouse.one_of_phone_meeting_letter as text not null check (value in ('phone', 'meeting', 'letter'));
create type gatehouse.form_consent_recorded as (
    "channel" gatehouse.one_of_phone_meeting_letter,
    "client" gatehouse.words,
    "digest" gatehouse.words,
    "proposal" gatehouse.words
);
create domain gatehouse.amount as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40);
create type gatehouse.form_custodian_appointed as (
    "custodian" gatehouse.words,
    "fractional_shares" gatehouse.yes_or_no,
    "name" gatehouse.words,
    "ticket_fee" gatehouse.amount,
    "venues" gatehouse.list_of_words
);
create domain gatehouse.one_of_5_7ca86e31 as text not null check (value in ('model_chose', 'no_specialist_named', 'too_many_thoughts', 'people_must_decide', 'people_decided'));
create domain gatehouse.one_of_hand_over_ask_answer_stop_park_report as text not null check (value in ('hand_over', 'ask', 'answer', 'stop', 'park', 'report'));
create domain gatehouse.words_52f851fa as text not null check (value ~ '^[0-9a-f]{64}$');
create domain gatehouse.whole_from_1 as bigint not null check (abs(value) <= 9007199254740991 and value >= 1);
create type gatehouse.form_kept as (
    "digest" gatehouse.words_52f851fa,
    "key" gatehouse.whole_from_1,
    "length" gatehouse.whole_from_1,
    "subject" gatehouse.words
);
create domain gatehouse.a_kept_or_none as gatehouse.form_kept;
create domain gatehouse.a_sealed_or_none as gatehouse.form_sealed;
create type gatehouse.form_words as (
    "kept" gatehouse.a_kept_or_none,
    "sealed" gatehouse.a_sealed_or_none
);
create domain gatehouse.a_words_or_none as gatehouse.form_words;
create type gatehouse.form_decision_taken as (
    "agent" gatehouse.words,
    "because" gatehouse.one_of_5_7ca86e31,
    "chosen" gatehouse.list_of_words,
    "decision" gatehouse.one_of_hand_over_ask_answer_stop_park_report,
    "thread" gatehouse.words,
    "why" gatehouse.a_words_or_none
);
create type gatehouse.form_do_not_trade_placed as (
    "account" gatehouse.words,
    "instructed_on" gatehouse.words,
    "symbol" gatehouse.words
);
create type gatehouse.form_document_stored as (
    "body_digest" gatehouse.words,
    "dated" gatehouse.words,
    "document" gatehouse.words,
    "passages" gatehouse.whole,
    "source" gatehouse.words,
    "title" gatehouse.words
);
create type gatehouse.form_fee_scheduled as (
    "account" gatehouse.words,
    "amount" gatehouse.amount,
    "due_on" gatehouse.words,
    "schedule" gatehouse.words
);
create type gatehouse.form_firm_founded as (
    "firm" gatehouse.words,
    "last_close" gatehouse.words,
    "seed" gatehouse.whole,
    "synthetic" gatehouse.yes_or_no
);
create type gatehouse.form_forget_confirmed as (
    "request" gatehouse.words,
    "subject" gatehouse.words
);
create domain gatehouse.one_of_5_59b25977 as text not null check (value in ('asked_by_the_person', 'prospect_left', 'employee_left', 'recorded_by_mistake', 'period_ended'));
create type gatehouse.form_forget_requested as (
    "note" gatehouse.a_sealed_or_none,
    "reason" gatehouse.one_of_5_59b25977,
    "request" gatehouse.words,
    "subject" gatehouse.words
);
create type gatehouse.form_forgetting_begun as (
    "request" gatehouse.words,
    "subject" gatehouse.words
);
create type gatehouse.form_forgetting_declined as (
    "request" gatehouse.words,
    "subject" gatehouse.words
);
create type gatehouse.form_forgetting_withdrawn as (
    "request" gatehouse.words,
    "subject" gatehouse.words
);
create type gatehouse.form_client as (
    "born_on" gatehouse.a_sealed,
    "client" gatehouse.words,
    "name" gatehouse.a_sealed
);
create domain gatehouse.a_client as gatehouse.form_client not null;
create domain gatehouse.list_of_a_client as gatehouse.a_client[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_household_opened as (
    "advisor" gatehouse.words,
    "clients" gatehouse.list_of_a_client,
    "household" gatehouse.words,
    "name" gatehouse.a_sealed
);
create domain gatehouse.one_of_7_22ad19c9 as text not null check (value in ('share', 'etf', 'cash_sweep', 'mutual_fund', 'bond', 'option', 'crypto'));
create type gatehouse.form_instrument_listed as (
    "average_daily_volume" gatehouse.amount,
    "issuer" gatehouse.words,
    "kind" gatehouse.one_of_7_22ad19c9,
    "name" gatehouse.words,
    "sector" gatehouse.words,
    "spread_bps" gatehouse.amount,
    "symbol" gatehouse.words,
    "synthetic" gatehouse.yes_or_no,
    "tick" gatehouse.amount,
    "tradable" gatehouse.yes_or_no
);
create type gatehouse.form_ips_adopted as (
    "account" gatehouse.words,
    "adopted_on" gatehouse.words,
    "cash_floor" gatehouse.amount,
    "max_issuer_weight" gatehouse.amount
);
create type gatehouse.form_key_rotation_finished as (
    "request" gatehouse.words,
    "subjects" gatehouse.whole
);
create type gatehouse.form_key_rotation_requested as (
    "request" gatehouse.words,
    "subject" gatehouse.words_or_none
);
create type gatehouse.form_legal_hold_kept as (
    "hold" gatehouse.words,
    "subject" gatehouse.words
);
create type gatehouse.form_legal_hold_lift_requested as (
    "hold" gatehouse.words,
    "subject" gatehouse.words
);
create type gatehouse.form_legal_hold_lifted as (
    "hold" gatehouse.words,
    "subject" gatehouse.words
);
create domain gatehouse.one_of_4_b7d18dd1 as text not null check (value in ('litigation', 'regulator', 'complaint', 'internal_review'));
create type gatehouse.form_legal_hold_placed as (
    "hold" gatehouse.words,
    "matter" gatehouse.one_of_4_b7d18dd1,
    "note" gatehouse.a_sealed_or_none,
    "subject" gatehouse.words
);
create type gatehouse.form_lot_received as (
    "account" gatehouse.words,
    "acquired_on" gatehouse.words,
    "cost_per_share" gatehouse.amount_above_0,
    "lot" gatehouse.words,
    "quantity" gatehouse.amount_above_0,
    "symbol" gatehouse.words
);
create type gatehouse.form_message_received as (
    "message" gatehouse.words,
    "text" gatehouse.a_sealed,
    "thread" gatehouse.words
);
create domain gatehouse.amount_from_0_to_1 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric >= 0 and value::numeric <= 1);
create type gatehouse.form_target as (
    "symbol" gatehouse.words,
    "weight" gatehouse.amount_from_0_to_1
);
create domain gatehouse.a_target as gatehouse.form_target not null;
create domain gatehouse.list_of_a_target as gatehouse.a_target[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_model_published as (
    "cash_weight" gatehouse.amount,
    "model" gatehouse.words,
    "name" gatehouse.words,
    "targets" gatehouse.list_of_a_target,
    "tolerance" gatehouse.amount,
    "version" gatehouse.whole
);
create domain gatehouse.one_of_answered_refused as text not null check (value in ('answered', 'refused'));
create domain gatehouse.a_words as gatehouse.form_words not null;
create type gatehouse.form_observation_made as (
    "agent" gatehouse.words,
    "call" gatehouse.words,
    "outcome" gatehouse.one_of_answered_refused,
    "thread" gatehouse.words,
    "tool" gatehouse.words,
    "words" gatehouse.a_words
);
create type gatehouse.form_order_accepted as (
    "order" gatehouse.words,
    "venue" gatehouse.words,
    "venue_order" gatehouse.words
);
create type gatehouse.form_order_cancelled as (
    "order" gatehouse.words,
    "reason" gatehouse.words,
    "venue" gatehouse.words_or_none
);
create domain gatehouse.amount_or_none as text check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40);
create domain gatehouse.whole_or_none as bigint check (abs(value) <= 9007199254740991);
create domain gatehouse.one_of_pass_finding_breach as text not null check (value in ('pass', 'finding', 'breach'));
create type gatehouse.form_finding as (
    "account" gatehouse.words_or_none,
    "headroom" gatehouse.amount_or_none,
    "leg" gatehouse.whole_or_none,
    "limit" gatehouse.amount_or_none,
    "observed" gatehouse.amount_or_none,
    "policy" gatehouse.words,
    "result" gatehouse.one_of_pass_finding_breach,
    "says" gatehouse.words,
    "unit" gatehouse.words
);
create domain gatehouse.a_finding as gatehouse.form_finding not null;
create domain gatehouse.list_of_a_finding as gatehouse.a_finding[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_order_denied as (
    "differences" gatehouse.list_of_words,
    "findings" gatehouse.list_of_a_finding,
    "leg" gatehouse.whole,
    "order" gatehouse.words,
    "proposal" gatehouse.words
);
create type gatehouse.form_order_doubted as (
    "order" gatehouse.words,
    "venue" gatehouse.words,
    "waited_ms" gatehouse.whole
);
create type gatehouse.form_order_expired as (
    "order" gatehouse.words,
    "session" gatehouse.words
);
create domain gatehouse.amount_from_0 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric >= 0);
create domain gatehouse.one_of_buy_sell as text not null check (value in ('buy', 'sell'));
create type gatehouse.form_order_filled as (
    "account" gatehouse.words,
    "executed_at" gatehouse.moment,
    "execution" gatehouse.words,
    "fee" gatehouse.amount_from_0,
    "order" gatehouse.words,
    "price" gatehouse.amount_above_0,
    "quantity" gatehouse.amount_above_0,
    "settles_on" gatehouse.words,
    "side" gatehouse.one_of_buy_sell,
    "symbol" gatehouse.words,
    "trade_date" gatehouse.words,
    "venue" gatehouse.words
);
create type gatehouse.form_order_rejected as (
    "order" gatehouse.words,
    "reason" gatehouse.words,
    "venue" gatehouse.words
);
create domain gatehouse.one_of_market_limit as text not null check (value in ('market', 'limit'));
create domain gatehouse.one_of_day as text not null check (value in ('day'));
create type gatehouse.form_order_released as (
    "account" gatehouse.words,
    "digest" gatehouse.words,
    "leg" gatehouse.whole,
    "limit_price" gatehouse.amount_or_none,
    "order" gatehouse.words,
    "order_type" gatehouse.one_of_market_limit,
    "proposal" gatehouse.words,
    "quantity" gatehouse.amount,
    "side" gatehouse.one_of_buy_sell,
    "symbol" gatehouse.words,
    "time_in_force" gatehouse.one_of_day
);
create type gatehouse.form_route_score as (
    "expected_cost" gatehouse.amount_or_none,
    "says" gatehouse.words,
    "score" gatehouse.amount_or_none,
    "venue" gatehouse.words
);
create domain gatehouse.a_route_score as gatehouse.form_route_score not null;
create domain gatehouse.list_of_a_route_score as gatehouse.a_route_score[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_order_routed as (
    "order" gatehouse.words,
    "scores" gatehouse.list_of_a_route_score,
    "venue" gatehouse.words
);
create type gatehouse.form_order_sent as (
    "body_digest" gatehouse.words,
    "order" gatehouse.words,
    "venue" gatehouse.words
);
create type gatehouse.form_password_reset as (
    "person" gatehouse.words
);
create domain gatehouse.one_of_6_5c5c8c99 as text not null check (value in ('advisor', 'principal', 'compliance', 'operations', 'auditor', 'research'));
create type gatehouse.form_person_engaged as (
    "login" gatehouse.words,
    "name" gatehouse.a_sealed,
    "person" gatehouse.words,
    "related_households" gatehouse.list_of_words,
    "reports_to" gatehouse.words_or_none,
    "role" gatehouse.one_of_6_5c5c8c99
);
create type gatehouse.form_reason as (
    "policy" gatehouse.words,
    "text" gatehouse.a_sealed
);
create domain gatehouse.a_reason as gatehouse.form_reason not null;
create domain gatehouse.list_of_a_reason as gatehouse.a_reason[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_proposal_approved as (
    "digest" gatehouse.words,
    "proposal" gatehouse.words,
    "reasons" gatehouse.list_of_a_reason
);
create domain gatehouse.one_of_1_2_3 as bigint not null check (value in (1, 2, 3));
create type gatehouse.form_proposal_assessed as (
    "content" gatehouse.words,
    "digest" gatehouse.words,
    "findings" gatehouse.list_of_a_finding,
    "needs_consent" gatehouse.yes_or_no,
    "preview" gatehouse.words,
    "proposal" gatehouse.words,
    "tier" gatehouse.one_of_1_2_3
);
create type gatehouse.form_proposal_declined as (
    "digest" gatehouse.words,
    "proposal" gatehouse.words,
    "reason" gatehouse.a_sealed
);
create domain gatehouse.one_of_draft_release as text not null check (value in ('draft', 'release'));
create type gatehouse.form_proposal_denied as (
    "at" gatehouse.one_of_draft_release,
    "differences" gatehouse.list_of_words,
    "findings" gatehouse.list_of_a_finding,
    "proposal" gatehouse.words
);
create domain gatehouse.whole_above_0 as bigint not null check (abs(value) <= 9007199254740991 and value > 0);
create domain gatehouse.whole_from_0 as bigint not null check (abs(value) <= 9007199254740991 and value >= 0);
create type gatehouse.form_span as (
    "end" gatehouse.whole_above_0,
    "field" gatehouse.words,
    "message" gatehouse.words,
    "start" gatehouse.whole_from_0
);
create domain gatehouse.a_span as gatehouse.form_span not null;
create domain gatehouse.list_of_a_span as gatehouse.a_span[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain gatehouse.one_of_rebalance_order as text not null check (value in ('rebalance', 'order'));
create domain gatehouse.one_of_market_limit_or_none as text check (value in ('market', 'limit'));
create domain gatehouse.one_of_buy_sell_or_none as text check (value in ('buy', 'sell'));
create type gatehouse.form_request as (
    "accounts" gatehouse.list_of_words,
    "household" gatehouse.words,
    "kind" gatehouse.one_of_rebalance_order,
    "limit_price" gatehouse.amount_or_none,
    "order_type" gatehouse.one_of_market_limit_or_none,
    "quantity" gatehouse.amount_or_none,
    "side" gatehouse.one_of_buy_sell_or_none,
    "symbol" gatehouse.words_or_none
);
create domain gatehouse.a_request as gatehouse.form_request not null;
create type gatehouse.form_proposal_drafted as (
    "agent" gatehouse.words_or_none,
    "proposal" gatehouse.words,
    "provenance" gatehouse.list_of_a_span,
    "request" gatehouse.a_request,
    "supersedes" gatehouse.words_or_none,
    "thread" gatehouse.words_or_none
);
create type gatehouse.form_proposal_lapsed as (
    "proposal" gatehouse.words,
    "session" gatehouse.words
);
create type gatehouse.form_proposal_returned as (
    "comment" gatehouse.a_sealed,
    "digest" gatehouse.words,
    "proposal" gatehouse.words
);
create type gatehouse.form_proposal_submitted as (
    "digest" gatehouse.words,
    "proposal" gatehouse.words,
    "reasons" gatehouse.list_of_a_reason
);
create type gatehouse.form_proposal_withdrawn as (
    "proposal" gatehouse.words
);
create domain gatehouse.one_of_s7_s24_s66 as text not null check (value in ('S7', 'S24', 'S66'));
create type gatehouse.form_registration_recorded as (
    "person" gatehouse.words,
    "registration" gatehouse.one_of_s7_s24_s66,
    "valid_from" gatehouse.words,
    "valid_until" gatehouse.words_or_none
);
create type gatehouse.form_restriction_placed as (
    "placed_on" gatehouse.words,
    "symbol" gatehouse.words
);
create type gatehouse.form_retention_lengthened as (
    "kind" gatehouse.words,
    "years" gatehouse.whole
);
create domain gatehouse.one_of_low_medium_high as text not null check (value in ('low', 'medium', 'high'));
create domain gatehouse.one_of_conservative_income_balanced_growth as text not null check (value in ('conservative', 'income', 'balanced', 'growth'));
create type gatehouse.form_risk_profile_recorded as (
    "horizon_years" gatehouse.whole,
    "household" gatehouse.words,
    "liquidity_need" gatehouse.one_of_low_medium_high,
    "objective" gatehouse.one_of_conservative_income_balanced_growth,
    "recorded_on" gatehouse.words
);
create type gatehouse.form_session_opened as (
    "person" gatehouse.words
);
create domain gatehouse.moment_or_none as text check (value ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid(value, 'timestamptz'));
create domain gatehouse.one_of_route_plan_think_park_resume_answer as text not null check (value in ('route', 'plan', 'think', 'park', 'resume', 'answer'));
create domain gatehouse.one_of_endpoint_rule_nobody as text not null check (value in ('endpoint', 'rule', 'nobody'));
create domain gatehouse.one_of_instructions_advisor_copilot_tool as text not null check (value in ('instructions', 'advisor', 'copilot', 'tool'));
create type gatehouse.form_read as (
    "by" gatehouse.one_of_instructions_advisor_copilot_tool,
    "words" gatehouse.a_words
);
create domain gatehouse.a_read as gatehouse.form_read not null;
create domain gatehouse.list_of_a_read as gatehouse.a_read[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_thought as (
    "answered_as" gatehouse.words_or_none,
    "asks" gatehouse.list_of_words,
    "catalogue_digest" gatehouse.words_or_none,
    "cost_usd" gatehouse.amount_or_none,
    "counted_by" gatehouse.one_of_endpoint_rule_nobody,
    "input_tokens" gatehouse.whole,
    "output_tokens" gatehouse.whole,
    "prompt_digest" gatehouse.words_or_none,
    "read" gatehouse.list_of_a_read,
    "said" gatehouse.a_words_or_none
);
create domain gatehouse.a_thought_or_none as gatehouse.form_thought;
create type gatehouse.form_step_taken as (
    "agent" gatehouse.words,
    "model" gatehouse.words,
    "started_at" gatehouse.moment_or_none,
    "step" gatehouse.one_of_route_plan_think_park_resume_answer,
    "thought" gatehouse.a_thought_or_none,
    "thread" gatehouse.words,
    "took_ms" gatehouse.whole
);
create type gatehouse.form_reached as (
    "count" gatehouse.whole,
    "store" gatehouse.words
);
create domain gatehouse.a_reached as gatehouse.form_reached not null;
create domain gatehouse.list_of_a_reached as gatehouse.a_reached[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_unreached as (
    "store" gatehouse.words,
    "why" gatehouse.words
);
create domain gatehouse.a_unreached as gatehouse.form_unreached not null;
create domain gatehouse.list_of_a_unreached as gatehouse.a_unreached[] not null check (coalesce(array_ndims(value), 1) = 1);
create type gatehouse.form_subject_forgotten as (
    "request" gatehouse.words,
    "stores" gatehouse.list_of_a_reached,
    "subject" gatehouse.words,
    "unreached" gatehouse.list_of_a_unreached
);
create type gatehouse.form_subject_key_rotated as (
    "request" gatehouse.words,
    "subject" gatehouse.words,
    "version" gatehouse.whole
);
create type gatehouse.form_thread_opened as (
    "household" gatehouse.words_or_none,
    "thread" gatehouse.words
);
create type gatehouse.form_tool_called as (
    "agent" gatehouse.words,
    "as_of" gatehouse.moment_or_none,
    "ask" gatehouse.a_sealed,
    "call" gatehouse.words,
    "outcome" gatehouse.one_of_answered_refused,
    "refusal" gatehouse.words_or_none,
    "source" gatehouse.words_or_none,
    "started_at" gatehouse.moment_or_none,
    "thread" gatehouse.words,
    "took_ms" gatehouse.whole,
    "tool" gatehouse.words
);
create type gatehouse.form_trade_allocated as (
    "account" gatehouse.words,
    "average_price" gatehouse.amount,
    "fees" gatehouse.amount,
    "order" gatehouse.words,
    "quantity" gatehouse.amount,
    "settles_on" gatehouse.words,
    "side" gatehouse.one_of_buy_sell,
    "symbol" gatehouse.words,
    "trade_date" gatehouse.words
);
create type gatehouse.form_trade_confirmed as (
    "account" gatehouse.words,
    "order" gatehouse.words,
    "trade_date" gatehouse.words
);
create type gatehouse.form_trade_settled as (
    "account" gatehouse.words,
    "net_amount" gatehouse.amount,
    "order" gatehouse.words,
    "trade_date" gatehouse.words
);
create type gatehouse.form_withdrawal_scheduled as (
    "account" gatehouse.words,
    "amount" gatehouse.amount,
    "due_on" gatehouse.words,
    "schedule" gatehouse.words
);

-- The RFC 8785 text of a payload of that kind; null of a kind that has no form. A value that is
-- not of its field's type raises. No search path, so that the planner can put it in line.
create or replace function gatehouse.form_text(event_type text, payload jsonb) returns text
    language sql stable as $$
    select case event_type
        when 'AccountClosed' then row_to_json(jsonb_populate_record(null::gatehouse.form_account_closed, payload))::text
        when 'AccountOpened' then row_to_json(jsonb_populate_record(null::gatehouse.form_account_opened, payload))::text
        when 'AnswerGiven' then row_to_json(jsonb_populate_record(null::gatehouse.form_answer_given, payload))::text
        when 'AttemptRefused' then row_to_json(jsonb_populate_record(null::gatehouse.form_attempt_refused, payload))::text
        when 'BusinessDayCloseRequested' then row_to_json(jsonb_populate_record(null::gatehouse.form_business_day_close_requested, payload))::text
        when 'BusinessDayClosed' then row_to_json(jsonb_populate_record(null::gatehouse.form_business_day_closed, payload))::text
        when 'BusinessDayOpenRequested' then row_to_json(jsonb_populate_record(null::gatehouse.form_business_day_open_requested, payload))::text
        when 'BusinessDayOpened' then row_to_json(jsonb_populate_record(null::gatehouse.form_business_day_opened, payload))::text
        when 'CashDeposited' then row_to_json(jsonb_populate_record(null::gatehouse.form_cash_deposited, payload))::text
        when 'ConsentRecorded' then row_to_json(jsonb_populate_record(null::gatehouse.form_consent_recorded, payload))::text
        when 'CustodianAppointed' then row_to_json(jsonb_populate_record(null::gatehouse.form_custodian_appointed, payload))::text
        when 'DecisionTaken' then row_to_json(jsonb_populate_record(null::gatehouse.form_decision_taken, payload))::text
        when 'DoNotTradePlaced' then row_to_json(jsonb_populate_record(null::gatehouse.form_do_not_trade_placed, payload))::text
        when 'DocumentStored' then row_to_json(jsonb_populate_record(null::gatehouse.form_document_stored, payload))::text
        when 'FeeScheduled' then row_to_json(jsonb_populate_record(null::gatehouse.form_fee_scheduled, payload))::text
        when 'FirmFounded' then row_to_json(jsonb_populate_record(null::gatehouse.form_firm_founded, payload))::text
        when 'ForgetConfirmed' then row_to_json(jsonb_populate_record(null::gatehouse.form_forget_confirmed, payload))::text
        when 'ForgetRequested' then row_to_json(jsonb_populate_record(null::gatehouse.form_forget_requested, payload))::text
        when 'ForgettingBegun' then row_to_json(jsonb_populate_record(null::gatehouse.form_forgetting_begun, payload))::text
        when 'ForgettingDeclined' then row_to_json(jsonb_populate_record(null::gatehouse.form_forgetting_declined, payload))::text
        when 'ForgettingWithdrawn' then row_to_json(jsonb_populate_record(null::gatehouse.form_forgetting_withdrawn, payload))::text
        when 'HouseholdOpened' then row_to_json(jsonb_populate_record(null::gatehouse.form_household_opened, payload))::text
        when 'InstrumentListed' then row_to_json(jsonb_populate_record(null::gatehouse.form_instrument_listed, payload))::text
        when 'IpsAdopted' then row_to_json(jsonb_populate_record(null::gatehouse.form_ips_adopted, payload))::text
        when 'KeyRotationFinished' then row_to_json(jsonb_populate_record(null::gatehouse.form_key_rotation_finished, payload))::text
        when 'KeyRotationRequested' then row_to_json(jsonb_populate_record(null::gatehouse.form_key_rotation_requested, payload))::text
        when 'LegalHoldKept' then row_to_json(jsonb_populate_record(null::gatehouse.form_legal_hold_kept, payload))::text
        when 'LegalHoldLiftRequested' then row_to_json(jsonb_populate_record(null::gatehouse.form_legal_hold_lift_requested, payload))::text
        when 'LegalHoldLifted' then row_to_json(jsonb_populate_record(null::gatehouse.form_legal_hold_lifted, payload))::text
        when 'LegalHoldPlaced' then row_to_json(jsonb_populate_record(null::gatehouse.form_legal_hold_placed, payload))::text
        when 'LotReceived' then row_to_json(jsonb_populate_record(null::gatehouse.form_lot_received, payload))::text
        when 'MessageReceived' then row_to_json(jsonb_populate_record(null::gatehouse.form_message_received, payload))::text
        when 'ModelPublished' then row_to_json(jsonb_populate_record(null::gatehouse.form_model_published, payload))::text
        when 'ObservationMade' then row_to_json(jsonb_populate_record(null::gatehouse.form_observation_made, payload))::text
        when 'OrderAccepted' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_accepted, payload))::text
        when 'OrderCancelled' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_cancelled, payload))::text
        when 'OrderDenied' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_denied, payload))::text
        when 'OrderDoubted' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_doubted, payload))::text
        when 'OrderExpired' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_expired, payload))::text
        when 'OrderFilled' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_filled, payload))::text
        when 'OrderRejected' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_rejected, payload))::text
        when 'OrderReleased' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_released, payload))::text
        when 'OrderRouted' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_routed, payload))::text
        when 'OrderSent' then row_to_json(jsonb_populate_record(null::gatehouse.form_order_sent, payload))::text
        when 'PasswordReset' then row_to_json(jsonb_populate_record(null::gatehouse.form_password_reset, payload))::text
        when 'PersonEngaged' then row_to_json(jsonb_populate_record(null::gatehouse.form_person_engaged, payload))::text
        when 'ProposalApproved' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_approved, payload))::text
        when 'ProposalAssessed' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_assessed, payload))::text
        when 'ProposalDeclined' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_declined, payload))::text
        when 'ProposalDenied' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_denied, payload))::text
        when 'ProposalDrafted' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_drafted, payload))::text
        when 'ProposalLapsed' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_lapsed, payload))::text
        when 'ProposalReturned' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_returned, payload))::text
        when 'ProposalSubmitted' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_submitted, payload))::text
        when 'ProposalWithdrawn' then row_to_json(jsonb_populate_record(null::gatehouse.form_proposal_withdrawn, payload))::text
        when 'RegistrationRecorded' then row_to_json(jsonb_populate_record(null::gatehouse.form_registration_recorded, payload))::text
        when 'RestrictionPlaced' then row_to_json(jsonb_populate_record(null::gatehouse.form_restriction_placed, payload))::text
        when 'RetentionLengthened' then row_to_json(jsonb_populate_record(null::gatehouse.form_retention_lengthened, payload))::text
        when 'RiskProfileRecorded' then row_to_json(jsonb_populate_record(null::gatehouse.form_risk_profile_recorded, payload))::text
        when 'SessionOpened' then row_to_json(jsonb_populate_record(null::gatehouse.form_session_opened, payload))::text
        when 'StepTaken' then row_to_json(jsonb_populate_record(null::gatehouse.form_step_taken, payload))::text
        when 'SubjectForgotten' then row_to_json(jsonb_populate_record(null::gatehouse.form_subject_forgotten, payload))::text
        when 'SubjectKeyRotated' then row_to_json(jsonb_populate_record(null::gatehouse.form_subject_key_rotated, payload))::text
        when 'ThreadOpened' then row_to_json(jsonb_populate_record(null::gatehouse.form_thread_opened, payload))::text
        when 'ToolCalled' then row_to_json(jsonb_populate_record(null::gatehouse.form_tool_called, payload))::text
        when 'TradeAllocated' then row_to_json(jsonb_populate_record(null::gatehouse.form_trade_allocated, payload))::text
        when 'TradeConfirmed' then row_to_json(jsonb_populate_record(null::gatehouse.form_trade_confirmed, payload))::text
        when 'TradeSettled' then row_to_json(jsonb_populate_record(null::gatehouse.form_trade_settled, payload))::text
        when 'WithdrawalScheduled' then row_to_json(jsonb_populate_record(null::gatehouse.form_withdrawal_scheduled, payload))::text
    end
$$;
revoke all on all functions in schema gatehouse from public;