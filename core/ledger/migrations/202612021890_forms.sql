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
create domain form.words_c48a4c6c as text not null check (value ~ '^alc-[0-9a-f]{32}$');
create domain form.amount_from_0 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric >= 0);
create type form.of_allocation_part as (
    "order" form.words,
    "quantity" form.amount_from_0
);
create domain form.a_allocation_part as form.of_allocation_part not null;
create domain form.list_of_a_allocation_part as form.a_allocation_part[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.whole as bigint not null check (abs(value::bigint) <= 9007199254740991);
create type form.of_sealed as (
    "key" form.whole,
    "sealed" form.words,
    "subject" form.words
);
create domain form.a_sealed as form.of_sealed not null;
create domain form.whole_from_1 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1);
create type form.of_allocation_change_drafted as (
    "change" form.words_c48a4c6c,
    "order" form.words,
    "parts" form.list_of_a_allocation_part,
    "reason" form.a_sealed,
    "revision" form.whole_from_1,
    "trade_date" form.words
);
create domain form.whole_from_2 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 2);
create type form.of_allocation_change_reexamined as (
    "change" form.words_c48a4c6c,
    "order" form.words,
    "revision" form.whole_from_2,
    "trade_date" form.words,
    "upheld" form.yes_or_no
);
create type form.of_allocation_changed as (
    "change" form.words_c48a4c6c,
    "order" form.words,
    "revision" form.whole_from_2,
    "trade_date" form.words
);
create domain form.one_of_pro_rata_rotational as text not null check (value in ('pro_rata', 'rotational'));
create type form.of_allocation_rule_confirmed as (
    "method" form.one_of_pro_rata_rotational,
    "version" form.whole_from_1
);
create type form.of_allocation_rule_proposed as (
    "method" form.one_of_pro_rata_rotational,
    "reason" form.a_sealed,
    "version" form.whole_from_1
);
create type form.of_cited as (
    "sentence" form.whole,
    "source" form.words
);
create domain form.a_cited as form.of_cited not null;
create domain form.list_of_a_cited as form.a_cited[] not null check (coalesce(array_ndims(value), 1) = 1);
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
create domain form.one_of_totp_password_or_none as text check (value in ('totp', 'password'));
create type form.of_batch_approved as (
    "batch" form.words_4a970b4b,
    "digest" form.words,
    "step_up" form.one_of_totp_password_or_none
);
create domain form.amount as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40);
create type form.of_batch_row as (
    "digest" form.words,
    "proposal" form.words
);
create domain form.a_batch_row as form.of_batch_row not null;
create domain form.list_of_a_batch_row as form.a_batch_row[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_1_2_3 as bigint not null check (value::bigint in (1, 2, 3));
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
create domain form.moment as text not null check (value ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid(value, 'timestamptz'));
create type form.of_block_allocated as (
    "average_price" form.amount_from_0,
    "dollars" form.amount_from_0,
    "executed_at" form.moment,
    "fees" form.amount_from_0,
    "order" form.words,
    "quantity" form.amount_from_0,
    "revision" form.whole_from_1,
    "settles_on" form.words,
    "trade_date" form.words,
    "venue" form.words
);
create domain form.amount_or_none as text check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40);
create domain form.amount_above_0 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric > 0);
create type form.of_booked as (
    "dollars" form.amount_or_none,
    "fee" form.amount_from_0,
    "price" form.amount_above_0,
    "quantity" form.amount_above_0
);
create domain form.a_booked as form.of_booked not null;
create type form.of_block_busted as (
    "execution" form.words,
    "order" form.words,
    "reason" form.words,
    "revision" form.whole_from_1,
    "trade_date" form.words,
    "venue" form.words,
    "was" form.a_booked
);
create type form.of_block_corrected as (
    "execution" form.words,
    "now" form.a_booked,
    "order" form.words,
    "reason" form.words,
    "revision" form.whole_from_1,
    "trade_date" form.words,
    "venue" form.words,
    "was" form.a_booked
);
create domain form.one_of_buy_sell as text not null check (value in ('buy', 'sell'));
create type form.of_block_filled as (
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
create domain form.words_c2127b69 as text not null check (value ~ '^blk-[0-9a-f]{32}$');
create domain form.one_of_market_limit as text not null check (value in ('market', 'limit'));
create type form.of_block_part as (
    "account" form.words,
    "order" form.words,
    "quantity" form.amount_above_0
);
create domain form.a_block_part as form.of_block_part not null;
create domain form.list_of_a_block_part as form.a_block_part[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_day as text not null check (value in ('day'));
create type form.of_block_formed as (
    "batch" form.words_4a970b4b,
    "block" form.words_c2127b69,
    "custodian" form.words,
    "digest" form.words,
    "formation" form.whole_from_1,
    "limit_price" form.amount_or_none,
    "method" form.one_of_pro_rata_rotational,
    "order" form.words,
    "order_type" form.one_of_market_limit,
    "parts" form.list_of_a_block_part,
    "side" form.one_of_buy_sell,
    "symbol" form.words,
    "time_in_force" form.one_of_day
);
create type form.of_business_day_close_requested as (
    "session" form.words
);
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
create domain form.whole_above_0 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint > 0);
create domain form.whole_from_0 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 0);
create type form.of_span as (
    "end" form.whole_above_0,
    "field" form.words,
    "message" form.words,
    "start" form.whole_from_0
);
create domain form.a_span as form.of_span not null;
create type form.of_cancel_drafted as (
    "agent" form.words,
    "asked" form.a_span,
    "draft" form.words,
    "order" form.words,
    "thread" form.words
);
create type form.of_cancel_requested as (
    "order" form.words
);
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
create domain form.one_of_error_correction_allocation_exception as text not null check (value in ('error_correction', 'allocation_exception'));
create domain form.list_of_a_span as form.a_span[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_7_9ade2e4e as text not null check (value in ('rebalance', 'order', 'raise_cash', 'invest_cash', 'harvest', 'exit', 'locate'));
create domain form.one_of_market_limit_or_none as text check (value in ('market', 'limit'));
create domain form.one_of_highest_cost_first_in_least_tax_or_none as text check (value in ('highest_cost', 'first_in', 'least_tax'));
create domain form.whole_from_1_to_390_or_none as bigint check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1 and value::bigint <= 390);
create domain form.whole_from_2_to_60_or_none as bigint check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 2 and value::bigint <= 60);
create type form.of_planning as (
    "dollars" form.amount_or_none,
    "gains_budget" form.amount_or_none,
    "lot_method" form.one_of_highest_cost_first_in_least_tax_or_none,
    "lots" form.list_of_words,
    "minutes" form.whole_from_1_to_390_or_none,
    "parts" form.whole_from_2_to_60_or_none,
    "replacement" form.words_or_none,
    "weigh_tax" form.yes_or_no
);
create domain form.a_planning_or_none as form.of_planning;
create domain form.one_of_buy_sell_or_none as text check (value in ('buy', 'sell'));
create type form.of_request as (
    "accounts" form.list_of_words,
    "for_session" form.words_or_none,
    "household" form.words,
    "kind" form.one_of_7_9ade2e4e,
    "limit_price" form.amount_or_none,
    "order_type" form.one_of_market_limit_or_none,
    "planning" form.a_planning_or_none,
    "quantity" form.amount_or_none,
    "replaces" form.words_or_none,
    "side" form.one_of_buy_sell_or_none,
    "symbol" form.words_or_none
);
create domain form.a_request as form.of_request not null;
create type form.of_correction_drafted as (
    "agent" form.words_or_none,
    "cause" form.a_sealed,
    "corrects" form.words,
    "exception" form.one_of_error_correction_allocation_exception,
    "proposal" form.words,
    "provenance" form.list_of_a_span,
    "request" form.a_request,
    "supersedes" form.words_or_none,
    "thread" form.words_or_none
);
create type form.of_custodian_appointed as (
    "custodian" form.words,
    "fractional_shares" form.yes_or_no,
    "name" form.words,
    "ticket_fee" form.amount,
    "venues" form.list_of_words
);
create domain form.one_of_11_d0a22664 as text not null check (value in ('model_chose', 'no_specialist_named', 'too_many_thoughts', 'people_must_decide', 'people_decided', 'model_unreachable', 'model_late', 'model_refused', 'model_rubbish', 'model_answers_again', 'budget_spent'));
create domain form.one_of_7_a5b5af19 as text not null check (value in ('hand_over', 'ask', 'answer', 'stop', 'park', 'report', 'switch'));
create domain form.words_52f851fa as text not null check (value ~ '^[0-9a-f]{64}$');
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
    "because" form.one_of_11_d0a22664,
    "chosen" form.list_of_words,
    "decision" form.one_of_7_a5b5af19,
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
create type form.of_difference_cleared as (
    "difference" form.words,
    "run" form.words
);
create domain form.one_of_5_1193c91e as text not null check (value in ('order', 'execution', 'position', 'cash', 'settled_cash'));
create type form.of_difference_found as (
    "account" form.words_or_none,
    "difference" form.words,
    "key" form.words,
    "kind" form.one_of_5_1193c91e,
    "order" form.words_or_none,
    "ours" form.words,
    "owner" form.words,
    "party" form.words,
    "theirs" form.words
);
create type form.of_difference_taken as (
    "difference" form.words,
    "person" form.words
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
create domain form.words_abae9f28 as text not null check (value ~ '^eml-[0-9a-f]{32}$');
create domain form.one_of_6_fdf78d01 as text not null check (value in ('promise', 'address', 'risk_missing', 'no_offer_missing', 'sources_missing', 'name_missing'));
create domain form.list_of_one_of_6_fdf78d01 as form.one_of_6_fdf78d01[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_email_adopted as (
    "email" form.words_abae9f28,
    "findings" form.list_of_one_of_6_fdf78d01,
    "household" form.words,
    "seen" form.words_52f851fa,
    "subject" form.a_sealed,
    "text" form.a_sealed
);
create type form.of_email_checked as (
    "differs" form.yes_or_no,
    "digest" form.words_52f851fa,
    "email" form.words_abae9f28,
    "findings" form.list_of_one_of_6_fdf78d01,
    "household" form.words
);
create domain form.words_018b290b as text not null check (value ~ '^[a-z-]{1,40}$');
create type form.of_email_drafted as (
    "agent" form.words_018b290b,
    "email" form.words_abae9f28,
    "household" form.words,
    "subject" form.a_sealed,
    "text" form.a_sealed,
    "thread" form.words
);
create type form.of_email_returned as (
    "comment" form.a_sealed,
    "digest" form.words_52f851fa,
    "email" form.words_abae9f28,
    "household" form.words
);
create type form.of_email_reviewed as (
    "comment" form.a_sealed_or_none,
    "digest" form.words_52f851fa,
    "email" form.words_abae9f28,
    "household" form.words
);
create type form.of_email_withdrawn as (
    "email" form.words_abae9f28,
    "household" form.words
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
create domain form.amount_above_0_to_1 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric > 0 and value::numeric <= 1);
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
create domain form.whole_from_1_to_400 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1 and value::bigint <= 400);
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
    "relative_tolerance" form.amount_or_none,
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
create domain form.whole_or_none as bigint check (abs(value::bigint) <= 9007199254740991);
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
create type form.of_order_filled as (
    "account" form.words,
    "block" form.words_or_none,
    "dollars" form.amount_or_none,
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
create type form.of_order_joined as (
    "block" form.words,
    "order" form.words
);
create type form.of_order_parted as (
    "block" form.words,
    "order" form.words
);
create type form.of_order_redriven as (
    "order" form.words
);
create type form.of_order_rejected as (
    "order" form.words,
    "reason" form.words,
    "venue" form.words
);
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
create type form.of_order_set_aside as (
    "order" form.words,
    "says" form.words
);
create type form.of_order_withheld as (
    "body_digest" form.words,
    "order" form.words,
    "says" form.words,
    "venue" form.words
);
create type form.of_overtaken_change_reviewed as (
    "change" form.words_c48a4c6c,
    "order" form.words,
    "reason" form.a_sealed,
    "trade_date" form.words
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
create domain form.a_span_or_none as form.of_span;
create domain form.words_520e0400 as text not null check (value ~ '^prf-[0-9a-f]{32}$');
create type form.of_preference_erased as (
    "agent" form.words_or_none,
    "asked" form.a_span_or_none,
    "preference" form.words_520e0400
);
create type form.of_preference_kept as (
    "agent" form.words,
    "preference" form.words_520e0400,
    "said" form.a_span,
    "thread" form.words
);
create domain form.one_of_principal_compliance as text not null check (value in ('principal', 'compliance'));
create type form.of_reason as (
    "policy" form.words,
    "text" form.a_sealed
);
create domain form.a_reason as form.of_reason not null;
create domain form.list_of_a_reason as form.a_reason[] not null check (coalesce(array_ndims(value), 1) = 1);
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
create type form.of_rationale as (
    "drafted_in" form.words_or_none,
    "text" form.a_sealed
);
create domain form.a_rationale_or_none as form.of_rationale;
create domain form.one_of_solicited_unsolicited_or_none as text check (value in ('solicited', 'unsolicited'));
create type form.of_proposal_submitted as (
    "digest" form.words,
    "proposal" form.words,
    "rationale" form.a_rationale_or_none,
    "reasons" form.list_of_a_reason,
    "solicited" form.one_of_solicited_unsolicited_or_none
);
create type form.of_proposal_withdrawn as (
    "proposal" form.words
);
create type form.of_compared_with as (
    "items" form.whole_from_0,
    "kind" form.one_of_5_1193c91e,
    "party" form.words
);
create domain form.a_compared_with as form.of_compared_with not null;
create domain form.list_of_a_compared_with as form.a_compared_with[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.one_of_start_day_close_asked as text not null check (value in ('start', 'day', 'close', 'asked'));
create type form.of_reconciliation_finished as (
    "compared" form.list_of_a_compared_with,
    "differences" form.whole_from_0,
    "run" form.words,
    "session" form.words,
    "unread" form.list_of_words,
    "why" form.one_of_start_day_close_asked
);
create type form.of_reconciliation_requested as (
    "run" form.words
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
create type form.of_remainder_drafted as (
    "agent" form.words_or_none,
    "proposal" form.words,
    "provenance" form.list_of_a_span,
    "request" form.a_request,
    "supersedes" form.words_or_none,
    "thread" form.words_or_none
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
create domain form.whole_from_1900 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1900);
create type form.of_rmd_determined as (
    "account" form.words,
    "amount" form.amount_from_0,
    "due_on" form.words,
    "year" form.whole_from_1900
);
create type form.of_route_recorded as (
    "choice" form.whole_from_1,
    "evidence" form.words,
    "order" form.words,
    "routing" form.words,
    "venue" form.words,
    "version" form.whole_from_0
);
create type form.of_routing_confirmed as (
    "digest" form.words
);
create domain form.one_of_13_718b2f5e as text not null check (value in ('failure_bps', 'half_life_hours', 'latency_bps', 'load_bps', 'most_of_size', 'score_fees', 'score_fill_quality', 'score_latency', 'score_load', 'score_spread', 'score_success', 'trust_after', 'unfilled_bps'));
create type form.of_weight_reason as (
    "text" form.a_sealed,
    "weight" form.one_of_13_718b2f5e
);
create domain form.a_weight_reason as form.of_weight_reason not null;
create domain form.list_of_a_weight_reason as form.a_weight_reason[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_fee_table as (
    "maker_bps" form.amount_from_0,
    "maker_per_share" form.amount_from_0,
    "taker_bps" form.amount_from_0,
    "taker_per_share" form.amount_from_0,
    "venue" form.words
);
create domain form.a_fee_table as form.of_fee_table not null;
create domain form.list_of_a_fee_table as form.a_fee_table[] not null check (coalesce(array_ndims(value), 1) = 1);
create type form.of_trade_away as (
    "custodian" form.words,
    "dollars" form.amount_from_0,
    "venue" form.words
);
create domain form.a_trade_away as form.of_trade_away not null;
create domain form.list_of_a_trade_away as form.a_trade_away[] not null check (coalesce(array_ndims(value), 1) = 1);
create domain form.amount_from_0_to_1000 as text not null check (value ~ '^-?[0-9]+(\.[0-9]+)?$' and length(value) <= 40 and value::numeric >= 0 and value::numeric <= 1000);
create domain form.whole_from_1_to_10000 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1 and value::bigint <= 10000);
create domain form.whole_from_1_to_1000 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1 and value::bigint <= 1000);
create domain form.whole_from_0_to_100 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 0 and value::bigint <= 100);
create domain form.whole_from_1_to_100000 as bigint not null check (abs(value::bigint) <= 9007199254740991 and value::bigint >= 1 and value::bigint <= 100000);
create type form.of_weight_set as (
    "failure_bps" form.amount_from_0_to_1000,
    "half_life_hours" form.whole_from_1_to_10000,
    "latency_bps" form.amount_from_0_to_1000,
    "load_bps" form.amount_from_0_to_1000,
    "most_of_size" form.whole_from_1_to_1000,
    "score_fees" form.whole_from_0_to_100,
    "score_fill_quality" form.whole_from_0_to_100,
    "score_latency" form.whole_from_0_to_100,
    "score_load" form.whole_from_0_to_100,
    "score_spread" form.whole_from_0_to_100,
    "score_success" form.whole_from_0_to_100,
    "trust_after" form.whole_from_1_to_100000,
    "unfilled_bps" form.amount_from_0_to_1000
);
create domain form.a_weight_set as form.of_weight_set not null;
create type form.of_routing_set as (
    "beside" form.list_of_words,
    "fees" form.list_of_a_fee_table,
    "trade_away" form.list_of_a_trade_away,
    "weights" form.a_weight_set
);
create domain form.a_routing_set as form.of_routing_set not null;
create type form.of_routing_proposed as (
    "digest" form.words,
    "effective_on" form.words,
    "reasons" form.list_of_a_weight_reason,
    "routing" form.a_routing_set
);
create type form.of_routing_withdrawn as (
    "digest" form.words
);
create type form.of_run_begun as (
    "manifest" form.words_52f851fa,
    "message" form.words_or_none,
    "model" form.words,
    "preferences" form.list_of_words,
    "thread" form.words,
    "words" form.a_words_or_none
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
create domain form.one_of_rebalance_order as text not null check (value in ('rebalance', 'order'));
create domain form.one_of_1 as bigint not null check (value::bigint in (1));
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
create type form.of_trade_busted as (
    "account" form.words,
    "execution" form.words,
    "order" form.words,
    "reason" form.words,
    "revision" form.whole_from_1,
    "side" form.one_of_buy_sell,
    "symbol" form.words,
    "trade_date" form.words,
    "venue" form.words,
    "was" form.a_booked
);
create type form.of_trade_confirmed as (
    "account" form.words,
    "order" form.words,
    "trade_date" form.words
);
create type form.of_trade_corrected as (
    "account" form.words,
    "execution" form.words,
    "now" form.a_booked,
    "order" form.words,
    "reason" form.words,
    "revision" form.whole_from_1,
    "side" form.one_of_buy_sell,
    "symbol" form.words,
    "trade_date" form.words,
    "venue" form.words,
    "was" form.a_booked
);
create type form.of_trade_failed_to_settle as (
    "account" form.words,
    "order" form.words,
    "reason" form.words,
    "session" form.words,
    "trade_date" form.words
);
create domain form.words_0c89f264 as text not null check (value ~ '^[A-Z0-9]{4,11}$');
create type form.of_trade_given_up as (
    "account" form.words,
    "broker" form.words_0c89f264,
    "custodian" form.words,
    "order" form.words,
    "trade_date" form.words
);
create type form.of_trade_settled as (
    "account" form.words,
    "net_amount" form.amount,
    "order" form.words,
    "trade_date" form.words
);
create type form.of_trade_stepped_out as (
    "account" form.words,
    "broker" form.words_0c89f264,
    "custodian" form.words,
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
    if event_type < 'OrderDenied' collate "C" then
        if event_type < 'DeputyNamed' collate "C" then
            if event_type < 'BlockBusted' collate "C" then
                if event_type < 'AnswerGiven' collate "C" then
                    if event_type < 'AllocationChangeDrafted' collate "C" then
                        if event_type < 'AlertAcknowledged' collate "C" then
                            if event_type < 'AccountOpened' collate "C" then
                                if event_type = 'AccountClosed' then return format('{"account":%s,"closed_on":%s}', to_json((payload->>'account')), to_json((payload->>'closed_on'))); end if;
                            else
                                if event_type = 'AccountOpened' then return row_to_json(jsonb_populate_record(null::form.of_account_opened, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'AlertRaised' collate "C" then
                                if event_type = 'AlertAcknowledged' then return format('{"alert":%s}', to_json((payload->>'alert'))); end if;
                            else
                                if event_type = 'AlertRaised' then return case when ((payload->>'kind') in ('order_in_trouble', 'venue_contradicts') and (payload->>'severity') in ('warning', 'critical')) is not false then format('{"alert":%s,"kind":%s,"order":%s,"scope":%s,"severity":%s,"venue":%s}', to_json((payload->>'alert')), to_json((payload->>'kind')), coalesce(to_json((payload->>'order')), 'null'), to_json((payload->>'scope')), to_json((payload->>'severity')), coalesce(to_json((payload->>'venue')), 'null')) else '' end; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'AllocationChanged' collate "C" then
                            if event_type < 'AllocationChangeReexamined' collate "C" then
                                if event_type = 'AllocationChangeDrafted' then return row_to_json(jsonb_populate_record(null::form.of_allocation_change_drafted, payload))::text; end if;
                            else
                                if event_type = 'AllocationChangeReexamined' then return case when ((payload->>'change') ~ '^alc-[0-9a-f]{32}$' and abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 2) is not false then format('{"change":%s,"order":%s,"revision":%s,"trade_date":%s,"upheld":%s}', to_json((payload->>'change')), to_json((payload->>'order')), (payload->>'revision')::bigint, to_json((payload->>'trade_date')), case (payload->>'upheld') when 'true' then 'true' when 'false' then 'false' end) else '' end; end if;
                            end if;
                        else
                            if event_type < 'AllocationRuleConfirmed' collate "C" then
                                if event_type = 'AllocationChanged' then return case when ((payload->>'change') ~ '^alc-[0-9a-f]{32}$' and abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 2) is not false then format('{"change":%s,"order":%s,"revision":%s,"trade_date":%s}', to_json((payload->>'change')), to_json((payload->>'order')), (payload->>'revision')::bigint, to_json((payload->>'trade_date'))) else '' end; end if;
                            else
                                if event_type < 'AllocationRuleProposed' collate "C" then
                                    if event_type = 'AllocationRuleConfirmed' then return case when ((payload->>'method') in ('pro_rata', 'rotational') and abs((payload->>'version')::bigint) <= 9007199254740991 and (payload->>'version')::bigint >= 1) is not false then format('{"method":%s,"version":%s}', to_json((payload->>'method')), (payload->>'version')::bigint) else '' end; end if;
                                else
                                    if event_type = 'AllocationRuleProposed' then return case when ((payload->>'method') in ('pro_rata', 'rotational') and abs((payload->>'version')::bigint) <= 9007199254740991 and (payload->>'version')::bigint >= 1) is not false then format('{"method":%s,"reason":%s,"version":%s}', to_json((payload->>'method')), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'reason')), (payload->>'version')::bigint) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'BatchAssembled' collate "C" then
                        if event_type < 'AuthenticatorEnrolled' collate "C" then
                            if event_type < 'AttemptRefused' collate "C" then
                                if event_type = 'AnswerGiven' then return row_to_json(jsonb_populate_record(null::form.of_answer_given, payload))::text; end if;
                            else
                                if event_type = 'AttemptRefused' then return format('{"attempted":%s,"code":%s,"text_digest":%s}', to_json((payload->>'attempted')), to_json((payload->>'code')), to_json((payload->>'text_digest'))); end if;
                            end if;
                        else
                            if event_type < 'AuthenticatorRemoved' collate "C" then
                                if event_type = 'AuthenticatorEnrolled' then return format('{"person":%s}', to_json((payload->>'person'))); end if;
                            else
                                if event_type < 'BatchApproved' collate "C" then
                                    if event_type = 'AuthenticatorRemoved' then return format('{"person":%s}', to_json((payload->>'person'))); end if;
                                else
                                    if event_type = 'BatchApproved' then return case when ((payload->>'batch') ~ '^bat-[0-9a-f]{32}$' and (payload->>'step_up') in ('totp', 'password')) is not false then format('{"batch":%s,"digest":%s,"step_up":%s}', to_json((payload->>'batch')), to_json((payload->>'digest')), coalesce(to_json((payload->>'step_up')), 'null')) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'BatchReturned' collate "C" then
                            if event_type < 'BatchDeclined' collate "C" then
                                if event_type = 'BatchAssembled' then return row_to_json(jsonb_populate_record(null::form.of_batch_assembled, payload))::text; end if;
                            else
                                if event_type = 'BatchDeclined' then return case when ((payload->>'batch') ~ '^bat-[0-9a-f]{32}$') is not false then format('{"batch":%s,"digest":%s}', to_json((payload->>'batch')), to_json((payload->>'digest'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'BatchSubmitted' collate "C" then
                                if event_type = 'BatchReturned' then return case when ((payload->>'batch') ~ '^bat-[0-9a-f]{32}$') is not false then format('{"batch":%s,"digest":%s}', to_json((payload->>'batch')), to_json((payload->>'digest'))) else '' end; end if;
                            else
                                if event_type < 'BlockAllocated' collate "C" then
                                    if event_type = 'BatchSubmitted' then return case when ((payload->>'batch') ~ '^bat-[0-9a-f]{32}$') is not false then format('{"batch":%s,"digest":%s}', to_json((payload->>'batch')), to_json((payload->>'digest'))) else '' end; end if;
                                else
                                    if event_type = 'BlockAllocated' then return case when ((payload->>'average_price') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'average_price')) <= 40 and (payload->>'average_price')::numeric >= 0 and (payload->>'dollars') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'dollars')) <= 40 and (payload->>'dollars')::numeric >= 0 and (payload->>'executed_at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'executed_at'), 'timestamptz') and (payload->>'fees') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'fees')) <= 40 and (payload->>'fees')::numeric >= 0 and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'quantity')::numeric >= 0 and abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 1) is not false then format('{"average_price":%s,"dollars":%s,"executed_at":%s,"fees":%s,"order":%s,"quantity":%s,"revision":%s,"settles_on":%s,"trade_date":%s,"venue":%s}', to_json((payload->>'average_price')), to_json((payload->>'dollars')), to_json((payload->>'executed_at')), to_json((payload->>'fees')), to_json((payload->>'order')), to_json((payload->>'quantity')), (payload->>'revision')::bigint, to_json((payload->>'settles_on')), to_json((payload->>'trade_date')), to_json((payload->>'venue'))) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'CancelRequested' collate "C" then
                    if event_type < 'BusinessDayCloseRequested' collate "C" then
                        if event_type < 'BlockFilled' collate "C" then
                            if event_type < 'BlockCorrected' collate "C" then
                                if event_type = 'BlockBusted' then return case when (abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 1) is not false then format('{"execution":%s,"order":%s,"reason":%s,"revision":%s,"trade_date":%s,"venue":%s,"was":%s}', to_json((payload->>'execution')), to_json((payload->>'order')), to_json((payload->>'reason')), (payload->>'revision')::bigint, to_json((payload->>'trade_date')), to_json((payload->>'venue')), row_to_json(jsonb_populate_record(null::form.of_booked, payload->'was'))) else '' end; end if;
                            else
                                if event_type = 'BlockCorrected' then return case when (abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 1) is not false then format('{"execution":%s,"now":%s,"order":%s,"reason":%s,"revision":%s,"trade_date":%s,"venue":%s,"was":%s}', to_json((payload->>'execution')), row_to_json(jsonb_populate_record(null::form.of_booked, payload->'now')), to_json((payload->>'order')), to_json((payload->>'reason')), (payload->>'revision')::bigint, to_json((payload->>'trade_date')), to_json((payload->>'venue')), row_to_json(jsonb_populate_record(null::form.of_booked, payload->'was'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'BlockFormed' collate "C" then
                                if event_type = 'BlockFilled' then return case when ((payload->>'executed_at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'executed_at'), 'timestamptz') and (payload->>'fee') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'fee')) <= 40 and (payload->>'fee')::numeric >= 0 and (payload->>'price') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'price')) <= 40 and (payload->>'price')::numeric > 0 and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'quantity')::numeric > 0 and (payload->>'side') in ('buy', 'sell')) is not false then format('{"executed_at":%s,"execution":%s,"fee":%s,"order":%s,"price":%s,"quantity":%s,"settles_on":%s,"side":%s,"symbol":%s,"trade_date":%s,"venue":%s}', to_json((payload->>'executed_at')), to_json((payload->>'execution')), to_json((payload->>'fee')), to_json((payload->>'order')), to_json((payload->>'price')), to_json((payload->>'quantity')), to_json((payload->>'settles_on')), to_json((payload->>'side')), to_json((payload->>'symbol')), to_json((payload->>'trade_date')), to_json((payload->>'venue'))) else '' end; end if;
                            else
                                if event_type = 'BlockFormed' then return row_to_json(jsonb_populate_record(null::form.of_block_formed, payload))::text; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'BusinessDayOpenRequested' collate "C" then
                            if event_type < 'BusinessDayClosed' collate "C" then
                                if event_type = 'BusinessDayCloseRequested' then return format('{"session":%s}', to_json((payload->>'session'))); end if;
                            else
                                if event_type = 'BusinessDayClosed' then return case when ((payload->>'at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'at'), 'timestamptz')) is not false then format('{"at":%s,"session":%s}', to_json((payload->>'at')), to_json((payload->>'session'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'BusinessDayOpened' collate "C" then
                                if event_type = 'BusinessDayOpenRequested' then return format('{"session":%s}', to_json((payload->>'session'))); end if;
                            else
                                if event_type < 'CancelDrafted' collate "C" then
                                    if event_type = 'BusinessDayOpened' then return case when ((payload->>'at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'at'), 'timestamptz')) is not false then format('{"at":%s,"session":%s}', to_json((payload->>'at')), to_json((payload->>'session'))) else '' end; end if;
                                else
                                    if event_type = 'CancelDrafted' then return format('{"agent":%s,"asked":%s,"draft":%s,"order":%s,"thread":%s}', to_json((payload->>'agent')), row_to_json(jsonb_populate_record(null::form.of_span, payload->'asked')), to_json((payload->>'draft')), to_json((payload->>'order')), to_json((payload->>'thread'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'DecisionTaken' collate "C" then
                        if event_type < 'ConsentRecorded' collate "C" then
                            if event_type < 'CashDeposited' collate "C" then
                                if event_type = 'CancelRequested' then return format('{"order":%s}', to_json((payload->>'order'))); end if;
                            else
                                if event_type = 'CashDeposited' then return case when ((payload->>'amount') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'amount')) <= 40 and (payload->>'amount')::numeric > 0) is not false then format('{"account":%s,"amount":%s,"deposit":%s,"held_until":%s}', to_json((payload->>'account')), to_json((payload->>'amount')), to_json((payload->>'deposit')), coalesce(to_json((payload->>'held_until')), 'null')) else '' end; end if;
                            end if;
                        else
                            if event_type < 'CorrectionDrafted' collate "C" then
                                if event_type = 'ConsentRecorded' then return case when ((payload->>'channel') in ('phone', 'meeting', 'letter')) is not false then format('{"channel":%s,"client":%s,"digest":%s,"proposal":%s}', to_json((payload->>'channel')), to_json((payload->>'client')), to_json((payload->>'digest')), to_json((payload->>'proposal'))) else '' end; end if;
                            else
                                if event_type < 'CustodianAppointed' collate "C" then
                                    if event_type = 'CorrectionDrafted' then return row_to_json(jsonb_populate_record(null::form.of_correction_drafted, payload))::text; end if;
                                else
                                    if event_type = 'CustodianAppointed' then return row_to_json(jsonb_populate_record(null::form.of_custodian_appointed, payload))::text; end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'DelegateEnded' collate "C" then
                            if event_type < 'DelegateConfirmed' collate "C" then
                                if event_type = 'DecisionTaken' then return row_to_json(jsonb_populate_record(null::form.of_decision_taken, payload))::text; end if;
                            else
                                if event_type = 'DelegateConfirmed' then return format('{"delegation":%s}', to_json((payload->>'delegation'))); end if;
                            end if;
                        else
                            if event_type < 'DelegateNamed' collate "C" then
                                if event_type = 'DelegateEnded' then return format('{"delegation":%s}', to_json((payload->>'delegation'))); end if;
                            else
                                if event_type < 'DeputyEnded' collate "C" then
                                    if event_type = 'DelegateNamed' then return format('{"advisor":%s,"delegate":%s,"delegation":%s,"from_day":%s,"until_day":%s}', to_json((payload->>'advisor')), to_json((payload->>'delegate')), to_json((payload->>'delegation')), to_json((payload->>'from_day')), to_json((payload->>'until_day'))); end if;
                                else
                                    if event_type = 'DeputyEnded' then return format('{"principal":%s}', to_json((payload->>'principal'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        else
            if event_type < 'HouseholdOpened' collate "C" then
                if event_type < 'EmailReturned' collate "C" then
                    if event_type < 'DoNotTradePlaced' collate "C" then
                        if event_type < 'DifferenceFound' collate "C" then
                            if event_type < 'DifferenceCleared' collate "C" then
                                if event_type = 'DeputyNamed' then return case when ((payload->>'valid_from') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and (payload->>'valid_until') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') is not false then format('{"deputy":%s,"principal":%s,"valid_from":%s,"valid_until":%s}', to_json((payload->>'deputy')), to_json((payload->>'principal')), to_json((payload->>'valid_from')), to_json((payload->>'valid_until'))) else '' end; end if;
                            else
                                if event_type = 'DifferenceCleared' then return format('{"difference":%s,"run":%s}', to_json((payload->>'difference')), to_json((payload->>'run'))); end if;
                            end if;
                        else
                            if event_type < 'DifferenceTaken' collate "C" then
                                if event_type = 'DifferenceFound' then return case when ((payload->>'kind') in ('order', 'execution', 'position', 'cash', 'settled_cash')) is not false then format('{"account":%s,"difference":%s,"key":%s,"kind":%s,"order":%s,"ours":%s,"owner":%s,"party":%s,"theirs":%s}', coalesce(to_json((payload->>'account')), 'null'), to_json((payload->>'difference')), to_json((payload->>'key')), to_json((payload->>'kind')), coalesce(to_json((payload->>'order')), 'null'), to_json((payload->>'ours')), to_json((payload->>'owner')), to_json((payload->>'party')), to_json((payload->>'theirs'))) else '' end; end if;
                            else
                                if event_type = 'DifferenceTaken' then return format('{"difference":%s,"person":%s}', to_json((payload->>'difference')), to_json((payload->>'person'))); end if;
                            end if;
                        end if;
                    else
                        if event_type < 'EmailAdopted' collate "C" then
                            if event_type < 'DocumentStored' collate "C" then
                                if event_type = 'DoNotTradePlaced' then return format('{"account":%s,"instructed_on":%s,"symbol":%s}', to_json((payload->>'account')), to_json((payload->>'instructed_on')), to_json((payload->>'symbol'))); end if;
                            else
                                if event_type = 'DocumentStored' then return case when (abs((payload->>'passages')::bigint) <= 9007199254740991) is not false then format('{"body_digest":%s,"dated":%s,"document":%s,"passages":%s,"source":%s,"title":%s}', to_json((payload->>'body_digest')), to_json((payload->>'dated')), to_json((payload->>'document')), (payload->>'passages')::bigint, to_json((payload->>'source')), to_json((payload->>'title'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'EmailChecked' collate "C" then
                                if event_type = 'EmailAdopted' then return row_to_json(jsonb_populate_record(null::form.of_email_adopted, payload))::text; end if;
                            else
                                if event_type < 'EmailDrafted' collate "C" then
                                    if event_type = 'EmailChecked' then return row_to_json(jsonb_populate_record(null::form.of_email_checked, payload))::text; end if;
                                else
                                    if event_type = 'EmailDrafted' then return case when ((payload->>'agent') ~ '^[a-z-]{1,40}$' and (payload->>'email') ~ '^eml-[0-9a-f]{32}$') is not false then format('{"agent":%s,"email":%s,"household":%s,"subject":%s,"text":%s,"thread":%s}', to_json((payload->>'agent')), to_json((payload->>'email')), to_json((payload->>'household')), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'subject')), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'text')), to_json((payload->>'thread'))) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'ForgetConfirmed' collate "C" then
                        if event_type < 'EmailWithdrawn' collate "C" then
                            if event_type < 'EmailReviewed' collate "C" then
                                if event_type = 'EmailReturned' then return case when ((payload->>'digest') ~ '^[0-9a-f]{64}$' and (payload->>'email') ~ '^eml-[0-9a-f]{32}$') is not false then format('{"comment":%s,"digest":%s,"email":%s,"household":%s}', row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'comment')), to_json((payload->>'digest')), to_json((payload->>'email')), to_json((payload->>'household'))) else '' end; end if;
                            else
                                if event_type = 'EmailReviewed' then return case when ((payload->>'digest') ~ '^[0-9a-f]{64}$' and (payload->>'email') ~ '^eml-[0-9a-f]{32}$') is not false then format('{"comment":%s,"digest":%s,"email":%s,"household":%s}', case when payload->'comment' <> 'null' then row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'comment')) else 'null' end, to_json((payload->>'digest')), to_json((payload->>'email')), to_json((payload->>'household'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'FeeScheduled' collate "C" then
                                if event_type = 'EmailWithdrawn' then return case when ((payload->>'email') ~ '^eml-[0-9a-f]{32}$') is not false then format('{"email":%s,"household":%s}', to_json((payload->>'email')), to_json((payload->>'household'))) else '' end; end if;
                            else
                                if event_type < 'FirmFounded' collate "C" then
                                    if event_type = 'FeeScheduled' then return case when ((payload->>'amount') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'amount')) <= 40) is not false then format('{"account":%s,"amount":%s,"due_on":%s,"schedule":%s}', to_json((payload->>'account')), to_json((payload->>'amount')), to_json((payload->>'due_on')), to_json((payload->>'schedule'))) else '' end; end if;
                                else
                                    if event_type = 'FirmFounded' then return case when (abs((payload->>'seed')::bigint) <= 9007199254740991) is not false then format('{"firm":%s,"last_close":%s,"seed":%s,"synthetic":%s}', to_json((payload->>'firm')), to_json((payload->>'last_close')), (payload->>'seed')::bigint, case (payload->>'synthetic') when 'true' then 'true' when 'false' then 'false' end) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ForgettingBegun' collate "C" then
                            if event_type < 'ForgetRequested' collate "C" then
                                if event_type = 'ForgetConfirmed' then return format('{"request":%s,"subject":%s}', to_json((payload->>'request')), to_json((payload->>'subject'))); end if;
                            else
                                if event_type = 'ForgetRequested' then return case when ((payload->>'reason') in ('asked_by_the_person', 'prospect_left', 'employee_left', 'recorded_by_mistake', 'period_ended')) is not false then format('{"note":%s,"reason":%s,"request":%s,"subject":%s}', case when payload->'note' <> 'null' then row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'note')) else 'null' end, to_json((payload->>'reason')), to_json((payload->>'request')), to_json((payload->>'subject'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'ForgettingDeclined' collate "C" then
                                if event_type = 'ForgettingBegun' then return format('{"request":%s,"subject":%s}', to_json((payload->>'request')), to_json((payload->>'subject'))); end if;
                            else
                                if event_type < 'ForgettingWithdrawn' collate "C" then
                                    if event_type = 'ForgettingDeclined' then return format('{"request":%s,"subject":%s}', to_json((payload->>'request')), to_json((payload->>'subject'))); end if;
                                else
                                    if event_type = 'ForgettingWithdrawn' then return format('{"request":%s,"subject":%s}', to_json((payload->>'request')), to_json((payload->>'subject'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'LimitsProposed' collate "C" then
                    if event_type < 'LegalHoldKept' collate "C" then
                        if event_type < 'IpsAdopted' collate "C" then
                            if event_type < 'InstrumentListed' collate "C" then
                                if event_type = 'HouseholdOpened' then return row_to_json(jsonb_populate_record(null::form.of_household_opened, payload))::text; end if;
                            else
                                if event_type = 'InstrumentListed' then return case when ((payload->>'average_daily_volume') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'average_daily_volume')) <= 40 and (payload->>'kind') in ('share', 'etf', 'cash_sweep', 'mutual_fund', 'bond', 'option', 'crypto') and (payload->>'spread_bps') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'spread_bps')) <= 40 and (payload->>'tick') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'tick')) <= 40) is not false then format('{"average_daily_volume":%s,"issuer":%s,"kind":%s,"name":%s,"sector":%s,"spread_bps":%s,"symbol":%s,"synthetic":%s,"tick":%s,"tradable":%s}', to_json((payload->>'average_daily_volume')), to_json((payload->>'issuer')), to_json((payload->>'kind')), to_json((payload->>'name')), to_json((payload->>'sector')), to_json((payload->>'spread_bps')), to_json((payload->>'symbol')), case (payload->>'synthetic') when 'true' then 'true' when 'false' then 'false' end, to_json((payload->>'tick')), case (payload->>'tradable') when 'true' then 'true' when 'false' then 'false' end) else '' end; end if;
                            end if;
                        else
                            if event_type < 'KeyRotationFinished' collate "C" then
                                if event_type = 'IpsAdopted' then return case when ((payload->>'cash_floor') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'cash_floor')) <= 40 and (payload->>'max_issuer_weight') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'max_issuer_weight')) <= 40) is not false then format('{"account":%s,"adopted_on":%s,"cash_floor":%s,"max_issuer_weight":%s}', to_json((payload->>'account')), to_json((payload->>'adopted_on')), to_json((payload->>'cash_floor')), to_json((payload->>'max_issuer_weight'))) else '' end; end if;
                            else
                                if event_type < 'KeyRotationRequested' collate "C" then
                                    if event_type = 'KeyRotationFinished' then return row_to_json(jsonb_populate_record(null::form.of_key_rotation_finished, payload))::text; end if;
                                else
                                    if event_type = 'KeyRotationRequested' then return format('{"request":%s,"subject":%s}', to_json((payload->>'request')), coalesce(to_json((payload->>'subject')), 'null')); end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'LegalHoldLifted' collate "C" then
                            if event_type < 'LegalHoldLiftRequested' collate "C" then
                                if event_type = 'LegalHoldKept' then return format('{"hold":%s,"subject":%s}', to_json((payload->>'hold')), to_json((payload->>'subject'))); end if;
                            else
                                if event_type = 'LegalHoldLiftRequested' then return format('{"hold":%s,"subject":%s}', to_json((payload->>'hold')), to_json((payload->>'subject'))); end if;
                            end if;
                        else
                            if event_type < 'LegalHoldPlaced' collate "C" then
                                if event_type = 'LegalHoldLifted' then return format('{"hold":%s,"subject":%s}', to_json((payload->>'hold')), to_json((payload->>'subject'))); end if;
                            else
                                if event_type < 'LimitsConfirmed' collate "C" then
                                    if event_type = 'LegalHoldPlaced' then return case when ((payload->>'matter') in ('litigation', 'regulator', 'complaint', 'internal_review')) is not false then format('{"hold":%s,"matter":%s,"note":%s,"subject":%s}', to_json((payload->>'hold')), to_json((payload->>'matter')), case when payload->'note' <> 'null' then row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'note')) else 'null' end, to_json((payload->>'subject'))) else '' end; end if;
                                else
                                    if event_type = 'LimitsConfirmed' then return format('{"digest":%s}', to_json((payload->>'digest'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'MessageReceived' collate "C" then
                        if event_type < 'LotReceived' collate "C" then
                            if event_type < 'LimitsWithdrawn' collate "C" then
                                if event_type = 'LimitsProposed' then return format('{"digest":%s,"effective_on":%s,"limits":%s}', to_json((payload->>'digest')), to_json((payload->>'effective_on')), row_to_json(jsonb_populate_record(null::form.of_limit_set, payload->'limits'))); end if;
                            else
                                if event_type = 'LimitsWithdrawn' then return format('{"digest":%s}', to_json((payload->>'digest'))); end if;
                            end if;
                        else
                            if event_type < 'MachineAdmitted' collate "C" then
                                if event_type = 'LotReceived' then return case when ((payload->>'cost_per_share') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'cost_per_share')) <= 40 and (payload->>'cost_per_share')::numeric > 0 and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'quantity')::numeric > 0) is not false then format('{"account":%s,"acquired_on":%s,"cost_per_share":%s,"lot":%s,"quantity":%s,"symbol":%s}', to_json((payload->>'account')), to_json((payload->>'acquired_on')), to_json((payload->>'cost_per_share')), to_json((payload->>'lot')), to_json((payload->>'quantity')), to_json((payload->>'symbol'))) else '' end; end if;
                            else
                                if event_type < 'MachineDismissed' collate "C" then
                                    if event_type = 'MachineAdmitted' then return case when (abs((payload->>'days')::bigint) <= 9007199254740991 and (payload->>'days')::bigint >= 1 and (payload->>'days')::bigint <= 400 and (payload->>'key_hash') ~ '^[0-9a-f]{64}$' and (payload->>'machine') ~ '^mch-[a-z0-9-]{1,40}$') is not false then format('{"advisor":%s,"days":%s,"key_hash":%s,"machine":%s}', to_json((payload->>'advisor')), (payload->>'days')::bigint, to_json((payload->>'key_hash')), to_json((payload->>'machine'))) else '' end; end if;
                                else
                                    if event_type = 'MachineDismissed' then return format('{"machine":%s}', to_json((payload->>'machine'))); end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ObservationMade' collate "C" then
                            if event_type < 'ModelPublished' collate "C" then
                                if event_type = 'MessageReceived' then return format('{"message":%s,"text":%s,"thread":%s}', to_json((payload->>'message')), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'text')), to_json((payload->>'thread'))); end if;
                            else
                                if event_type = 'ModelPublished' then return row_to_json(jsonb_populate_record(null::form.of_model_published, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'OrderAccepted' collate "C" then
                                if event_type = 'ObservationMade' then return case when ((payload->>'outcome') in ('answered', 'refused')) is not false then format('{"agent":%s,"call":%s,"outcome":%s,"thread":%s,"tool":%s,"words":%s}', to_json((payload->>'agent')), to_json((payload->>'call')), to_json((payload->>'outcome')), to_json((payload->>'thread')), to_json((payload->>'tool')), row_to_json(jsonb_populate_record(null::form.of_words, payload->'words'))) else '' end; end if;
                            else
                                if event_type < 'OrderCancelled' collate "C" then
                                    if event_type = 'OrderAccepted' then return format('{"order":%s,"venue":%s,"venue_order":%s}', to_json((payload->>'order')), to_json((payload->>'venue')), to_json((payload->>'venue_order'))); end if;
                                else
                                    if event_type = 'OrderCancelled' then return format('{"order":%s,"reason":%s,"venue":%s}', to_json((payload->>'order')), to_json((payload->>'reason')), coalesce(to_json((payload->>'venue')), 'null')); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        end if;
    else
        if event_type < 'ReplacementSized' collate "C" then
            if event_type < 'PreferenceErased' collate "C" then
                if event_type < 'OrderReplaced' collate "C" then
                    if event_type < 'OrderJoined' collate "C" then
                        if event_type < 'OrderExpired' collate "C" then
                            if event_type < 'OrderDoubted' collate "C" then
                                if event_type = 'OrderDenied' then return row_to_json(jsonb_populate_record(null::form.of_order_denied, payload))::text; end if;
                            else
                                if event_type = 'OrderDoubted' then return case when (abs((payload->>'waited_ms')::bigint) <= 9007199254740991) is not false then format('{"order":%s,"venue":%s,"waited_ms":%s}', to_json((payload->>'order')), to_json((payload->>'venue')), (payload->>'waited_ms')::bigint) else '' end; end if;
                            end if;
                        else
                            if event_type < 'OrderFilled' collate "C" then
                                if event_type = 'OrderExpired' then return format('{"order":%s,"session":%s}', to_json((payload->>'order')), to_json((payload->>'session'))); end if;
                            else
                                if event_type = 'OrderFilled' then return case when ((payload->>'dollars') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'dollars')) <= 40 and (payload->>'executed_at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'executed_at'), 'timestamptz') and (payload->>'fee') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'fee')) <= 40 and (payload->>'fee')::numeric >= 0 and (payload->>'price') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'price')) <= 40 and (payload->>'price')::numeric > 0 and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'quantity')::numeric > 0 and (payload->>'side') in ('buy', 'sell')) is not false then format('{"account":%s,"block":%s,"dollars":%s,"executed_at":%s,"execution":%s,"fee":%s,"order":%s,"price":%s,"quantity":%s,"settles_on":%s,"side":%s,"symbol":%s,"trade_date":%s,"venue":%s}', to_json((payload->>'account')), coalesce(to_json((payload->>'block')), 'null'), coalesce(to_json((payload->>'dollars')), 'null'), to_json((payload->>'executed_at')), to_json((payload->>'execution')), to_json((payload->>'fee')), to_json((payload->>'order')), to_json((payload->>'price')), to_json((payload->>'quantity')), to_json((payload->>'settles_on')), to_json((payload->>'side')), to_json((payload->>'symbol')), to_json((payload->>'trade_date')), to_json((payload->>'venue'))) else '' end; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'OrderRedriven' collate "C" then
                            if event_type < 'OrderParted' collate "C" then
                                if event_type = 'OrderJoined' then return format('{"block":%s,"order":%s}', to_json((payload->>'block')), to_json((payload->>'order'))); end if;
                            else
                                if event_type = 'OrderParted' then return format('{"block":%s,"order":%s}', to_json((payload->>'block')), to_json((payload->>'order'))); end if;
                            end if;
                        else
                            if event_type < 'OrderRejected' collate "C" then
                                if event_type = 'OrderRedriven' then return format('{"order":%s}', to_json((payload->>'order'))); end if;
                            else
                                if event_type < 'OrderReleased' collate "C" then
                                    if event_type = 'OrderRejected' then return format('{"order":%s,"reason":%s,"venue":%s}', to_json((payload->>'order')), to_json((payload->>'reason')), to_json((payload->>'venue'))); end if;
                                else
                                    if event_type = 'OrderReleased' then return case when ((payload->>'executed_before') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'executed_before')) <= 40 and abs((payload->>'leg')::bigint) <= 9007199254740991 and (payload->>'limit_price') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'limit_price')) <= 40 and (payload->>'order_type') in ('market', 'limit') and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'side') in ('buy', 'sell') and (payload->>'time_in_force') in ('day')) is not false then format('{"account":%s,"digest":%s,"executed_before":%s,"leg":%s,"limit_price":%s,"order":%s,"order_type":%s,"proposal":%s,"quantity":%s,"replaces":%s,"side":%s,"symbol":%s,"time_in_force":%s}', to_json((payload->>'account')), to_json((payload->>'digest')), coalesce(to_json((payload->>'executed_before')), 'null'), (payload->>'leg')::bigint, coalesce(to_json((payload->>'limit_price')), 'null'), to_json((payload->>'order')), to_json((payload->>'order_type')), to_json((payload->>'proposal')), to_json((payload->>'quantity')), coalesce(to_json((payload->>'replaces')), 'null'), to_json((payload->>'side')), to_json((payload->>'symbol')), to_json((payload->>'time_in_force'))) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'OvertakenChangeReviewed' collate "C" then
                        if event_type < 'OrderSent' collate "C" then
                            if event_type < 'OrderRouted' collate "C" then
                                if event_type = 'OrderReplaced' then return case when ((payload->>'executed') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'executed')) <= 40 and (payload->>'executed')::numeric >= 0) is not false then format('{"by":%s,"executed":%s,"order":%s,"venue":%s}', to_json((payload->>'by')), to_json((payload->>'executed')), to_json((payload->>'order')), to_json((payload->>'venue'))) else '' end; end if;
                            else
                                if event_type = 'OrderRouted' then return row_to_json(jsonb_populate_record(null::form.of_order_routed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'OrderSetAside' collate "C" then
                                if event_type = 'OrderSent' then return format('{"body_digest":%s,"order":%s,"venue":%s}', to_json((payload->>'body_digest')), to_json((payload->>'order')), to_json((payload->>'venue'))); end if;
                            else
                                if event_type < 'OrderWithheld' collate "C" then
                                    if event_type = 'OrderSetAside' then return format('{"order":%s,"says":%s}', to_json((payload->>'order')), to_json((payload->>'says'))); end if;
                                else
                                    if event_type = 'OrderWithheld' then return format('{"body_digest":%s,"order":%s,"says":%s,"venue":%s}', to_json((payload->>'body_digest')), to_json((payload->>'order')), to_json((payload->>'says')), to_json((payload->>'venue'))); end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'PayRecorded' collate "C" then
                            if event_type < 'PasswordReset' collate "C" then
                                if event_type = 'OvertakenChangeReviewed' then return case when ((payload->>'change') ~ '^alc-[0-9a-f]{32}$') is not false then format('{"change":%s,"order":%s,"reason":%s,"trade_date":%s}', to_json((payload->>'change')), to_json((payload->>'order')), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'reason')), to_json((payload->>'trade_date'))) else '' end; end if;
                            else
                                if event_type = 'PasswordReset' then return format('{"person":%s}', to_json((payload->>'person'))); end if;
                            end if;
                        else
                            if event_type < 'PersonEngaged' collate "C" then
                                if event_type = 'PayRecorded' then return row_to_json(jsonb_populate_record(null::form.of_pay_recorded, payload))::text; end if;
                            else
                                if event_type < 'PolicyDenied' collate "C" then
                                    if event_type = 'PersonEngaged' then return row_to_json(jsonb_populate_record(null::form.of_person_engaged, payload))::text; end if;
                                else
                                    if event_type = 'PolicyDenied' then return row_to_json(jsonb_populate_record(null::form.of_policy_denied, payload))::text; end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'ProposalReturned' collate "C" then
                    if event_type < 'ProposalDenied' collate "C" then
                        if event_type < 'ProposalApproved' collate "C" then
                            if event_type < 'PreferenceKept' collate "C" then
                                if event_type = 'PreferenceErased' then return case when ((payload->>'preference') ~ '^prf-[0-9a-f]{32}$') is not false then format('{"agent":%s,"asked":%s,"preference":%s}', coalesce(to_json((payload->>'agent')), 'null'), case when payload->'asked' <> 'null' then row_to_json(jsonb_populate_record(null::form.of_span, payload->'asked')) else 'null' end, to_json((payload->>'preference'))) else '' end; end if;
                            else
                                if event_type = 'PreferenceKept' then return case when ((payload->>'preference') ~ '^prf-[0-9a-f]{32}$') is not false then format('{"agent":%s,"preference":%s,"said":%s,"thread":%s}', to_json((payload->>'agent')), to_json((payload->>'preference')), row_to_json(jsonb_populate_record(null::form.of_span, payload->'said')), to_json((payload->>'thread'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'ProposalAssessed' collate "C" then
                                if event_type = 'ProposalApproved' then return row_to_json(jsonb_populate_record(null::form.of_proposal_approved, payload))::text; end if;
                            else
                                if event_type < 'ProposalDeclined' collate "C" then
                                    if event_type = 'ProposalAssessed' then return row_to_json(jsonb_populate_record(null::form.of_proposal_assessed, payload))::text; end if;
                                else
                                    if event_type = 'ProposalDeclined' then return format('{"digest":%s,"proposal":%s,"reason":%s}', to_json((payload->>'digest')), to_json((payload->>'proposal')), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'reason'))); end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'ProposalEscalated' collate "C" then
                            if event_type < 'ProposalDrafted' collate "C" then
                                if event_type = 'ProposalDenied' then return row_to_json(jsonb_populate_record(null::form.of_proposal_denied, payload))::text; end if;
                            else
                                if event_type = 'ProposalDrafted' then return row_to_json(jsonb_populate_record(null::form.of_proposal_drafted, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ProposalLapsed' collate "C" then
                                if event_type = 'ProposalEscalated' then return row_to_json(jsonb_populate_record(null::form.of_proposal_escalated, payload))::text; end if;
                            else
                                if event_type < 'ProposalReassessed' collate "C" then
                                    if event_type = 'ProposalLapsed' then return format('{"proposal":%s,"session":%s}', to_json((payload->>'proposal')), to_json((payload->>'session'))); end if;
                                else
                                    if event_type = 'ProposalReassessed' then return format('{"digest":%s,"limits":%s,"proposal":%s}', to_json((payload->>'digest')), to_json((payload->>'limits')), to_json((payload->>'proposal'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'RegistrationRecorded' collate "C" then
                        if event_type < 'ProposalWithdrawn' collate "C" then
                            if event_type < 'ProposalSubmitted' collate "C" then
                                if event_type = 'ProposalReturned' then return row_to_json(jsonb_populate_record(null::form.of_proposal_returned, payload))::text; end if;
                            else
                                if event_type = 'ProposalSubmitted' then return row_to_json(jsonb_populate_record(null::form.of_proposal_submitted, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ReconciliationFinished' collate "C" then
                                if event_type = 'ProposalWithdrawn' then return format('{"proposal":%s}', to_json((payload->>'proposal'))); end if;
                            else
                                if event_type < 'ReconciliationRequested' collate "C" then
                                    if event_type = 'ReconciliationFinished' then return row_to_json(jsonb_populate_record(null::form.of_reconciliation_finished, payload))::text; end if;
                                else
                                    if event_type = 'ReconciliationRequested' then return format('{"run":%s}', to_json((payload->>'run'))); end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'RemainderDrafted' collate "C" then
                            if event_type < 'RelationRecorded' collate "C" then
                                if event_type = 'RegistrationRecorded' then return case when ((payload->>'registration') in ('S7', 'S14', 'S24', 'S66')) is not false then format('{"person":%s,"registration":%s,"valid_from":%s,"valid_until":%s}', to_json((payload->>'person')), to_json((payload->>'registration')), to_json((payload->>'valid_from')), coalesce(to_json((payload->>'valid_until')), 'null')) else '' end; end if;
                            else
                                if event_type = 'RelationRecorded' then return row_to_json(jsonb_populate_record(null::form.of_relation_recorded, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'ReplaceRefused' collate "C" then
                                if event_type = 'RemainderDrafted' then return row_to_json(jsonb_populate_record(null::form.of_remainder_drafted, payload))::text; end if;
                            else
                                if event_type < 'ReplaceRequested' collate "C" then
                                    if event_type = 'ReplaceRefused' then return format('{"by":%s,"order":%s,"reason":%s}', to_json((payload->>'by')), to_json((payload->>'order')), to_json((payload->>'reason'))); end if;
                                else
                                    if event_type = 'ReplaceRequested' then return format('{"by":%s,"order":%s}', to_json((payload->>'by')), to_json((payload->>'order'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            end if;
        else
            if event_type < 'StandingReviewed' collate "C" then
                if event_type < 'RoutingWithdrawn' collate "C" then
                    if event_type < 'RiskProfileRecorded' collate "C" then
                        if event_type < 'RestrictionPlaced' collate "C" then
                            if event_type < 'ReportingLineChanged' collate "C" then
                                if event_type = 'ReplacementSized' then return case when ((payload->>'executed') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'executed')) <= 40 and (payload->>'executed')::numeric >= 0 and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'quantity')::numeric > 0) is not false then format('{"executed":%s,"order":%s,"quantity":%s,"replaces":%s}', to_json((payload->>'executed')), to_json((payload->>'order')), to_json((payload->>'quantity')), to_json((payload->>'replaces'))) else '' end; end if;
                            else
                                if event_type = 'ReportingLineChanged' then return format('{"person":%s,"reports_to":%s}', to_json((payload->>'person')), coalesce(to_json((payload->>'reports_to')), 'null')); end if;
                            end if;
                        else
                            if event_type < 'RetentionLengthened' collate "C" then
                                if event_type = 'RestrictionPlaced' then return format('{"placed_on":%s,"symbol":%s}', to_json((payload->>'placed_on')), to_json((payload->>'symbol'))); end if;
                            else
                                if event_type = 'RetentionLengthened' then return case when (abs((payload->>'years')::bigint) <= 9007199254740991) is not false then format('{"kind":%s,"years":%s}', to_json((payload->>'kind')), (payload->>'years')::bigint) else '' end; end if;
                            end if;
                        end if;
                    else
                        if event_type < 'RouteRecorded' collate "C" then
                            if event_type < 'RmdDetermined' collate "C" then
                                if event_type = 'RiskProfileRecorded' then return case when (abs((payload->>'horizon_years')::bigint) <= 9007199254740991 and (payload->>'liquidity_need') in ('low', 'medium', 'high') and (payload->>'objective') in ('conservative', 'income', 'balanced', 'growth')) is not false then format('{"horizon_years":%s,"household":%s,"liquidity_need":%s,"objective":%s,"recorded_on":%s}', (payload->>'horizon_years')::bigint, to_json((payload->>'household')), to_json((payload->>'liquidity_need')), to_json((payload->>'objective')), to_json((payload->>'recorded_on'))) else '' end; end if;
                            else
                                if event_type = 'RmdDetermined' then return case when ((payload->>'amount') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'amount')) <= 40 and (payload->>'amount')::numeric >= 0 and abs((payload->>'year')::bigint) <= 9007199254740991 and (payload->>'year')::bigint >= 1900) is not false then format('{"account":%s,"amount":%s,"due_on":%s,"year":%s}', to_json((payload->>'account')), to_json((payload->>'amount')), to_json((payload->>'due_on')), (payload->>'year')::bigint) else '' end; end if;
                            end if;
                        else
                            if event_type < 'RoutingConfirmed' collate "C" then
                                if event_type = 'RouteRecorded' then return case when (abs((payload->>'choice')::bigint) <= 9007199254740991 and (payload->>'choice')::bigint >= 1 and abs((payload->>'version')::bigint) <= 9007199254740991 and (payload->>'version')::bigint >= 0) is not false then format('{"choice":%s,"evidence":%s,"order":%s,"routing":%s,"venue":%s,"version":%s}', (payload->>'choice')::bigint, to_json((payload->>'evidence')), to_json((payload->>'order')), to_json((payload->>'routing')), to_json((payload->>'venue')), (payload->>'version')::bigint) else '' end; end if;
                            else
                                if event_type < 'RoutingProposed' collate "C" then
                                    if event_type = 'RoutingConfirmed' then return format('{"digest":%s}', to_json((payload->>'digest'))); end if;
                                else
                                    if event_type = 'RoutingProposed' then return row_to_json(jsonb_populate_record(null::form.of_routing_proposed, payload))::text; end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'StandingApprovalConfirmed' collate "C" then
                        if event_type < 'SessionOpened' collate "C" then
                            if event_type < 'RunBegun' collate "C" then
                                if event_type = 'RoutingWithdrawn' then return format('{"digest":%s}', to_json((payload->>'digest'))); end if;
                            else
                                if event_type = 'RunBegun' then return row_to_json(jsonb_populate_record(null::form.of_run_begun, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'SignalReceived' collate "C" then
                                if event_type = 'SessionOpened' then return format('{"person":%s}', to_json((payload->>'person'))); end if;
                            else
                                if event_type < 'SignalsSwitched' collate "C" then
                                    if event_type = 'SignalReceived' then return case when ((payload->>'limit_price') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'limit_price')) <= 40 and (payload->>'purpose') in ('entry', 'exit', 'profit_take', 'stop_loss') and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'quantity')::numeric > 0 and (payload->>'side') in ('buy', 'sell')) is not false then format('{"account":%s,"limit_price":%s,"machine":%s,"proposal":%s,"purpose":%s,"quantity":%s,"side":%s,"symbol":%s}', to_json((payload->>'account')), coalesce(to_json((payload->>'limit_price')), 'null'), to_json((payload->>'machine')), to_json((payload->>'proposal')), to_json((payload->>'purpose')), to_json((payload->>'quantity')), to_json((payload->>'side')), to_json((payload->>'symbol'))) else '' end; end if;
                                else
                                    if event_type = 'SignalsSwitched' then return format('{"account":%s,"machine":%s,"on":%s}', to_json((payload->>'account')), to_json((payload->>'machine')), case (payload->>'on') when 'true' then 'true' when 'false' then 'false' end); end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'StandingApprovalProposed' collate "C" then
                            if event_type < 'StandingApprovalDrawn' collate "C" then
                                if event_type = 'StandingApprovalConfirmed' then return case when ((payload->>'standing') ~ '^std-[0-9a-f]{32}$') is not false then format('{"digest":%s,"standing":%s}', to_json((payload->>'digest')), to_json((payload->>'standing'))) else '' end; end if;
                            else
                                if event_type = 'StandingApprovalDrawn' then return case when ((payload->>'dollars') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'dollars')) <= 40 and (payload->>'dollars')::numeric > 0) is not false then format('{"digest":%s,"dollars":%s,"proposal":%s,"session":%s,"standing":%s,"terms_digest":%s}', to_json((payload->>'digest')), to_json((payload->>'dollars')), to_json((payload->>'proposal')), to_json((payload->>'session')), to_json((payload->>'standing')), to_json((payload->>'terms_digest'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'StandingApprovalRevoked' collate "C" then
                                if event_type = 'StandingApprovalProposed' then return case when ((payload->>'standing') ~ '^std-[0-9a-f]{32}$') is not false then format('{"digest":%s,"standing":%s,"terms":%s}', to_json((payload->>'digest')), to_json((payload->>'standing')), row_to_json(jsonb_populate_record(null::form.of_standing_terms, payload->'terms'))) else '' end; end if;
                            else
                                if event_type < 'StandingDrawVoided' collate "C" then
                                    if event_type = 'StandingApprovalRevoked' then return case when ((payload->>'standing') ~ '^std-[0-9a-f]{32}$') is not false then format('{"standing":%s}', to_json((payload->>'standing'))) else '' end; end if;
                                else
                                    if event_type = 'StandingDrawVoided' then return format('{"proposal":%s,"standing":%s}', to_json((payload->>'proposal')), to_json((payload->>'standing'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                end if;
            else
                if event_type < 'TradeCorrected' collate "C" then
                    if event_type < 'ThreadOpened' collate "C" then
                        if event_type < 'StrategyAdmitted' collate "C" then
                            if event_type < 'StepTaken' collate "C" then
                                if event_type = 'StandingReviewed' then return case when ((payload->>'session') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and (payload->>'standing') ~ '^std-[0-9a-f]{32}$') is not false then format('{"digest":%s,"session":%s,"standing":%s}', to_json((payload->>'digest')), to_json((payload->>'session')), to_json((payload->>'standing'))) else '' end; end if;
                            else
                                if event_type = 'StepTaken' then return case when ((payload->>'started_at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'started_at'), 'timestamptz') and (payload->>'step') in ('route', 'plan', 'think', 'park', 'resume', 'answer') and abs((payload->>'took_ms')::bigint) <= 9007199254740991) is not false then format('{"agent":%s,"model":%s,"started_at":%s,"step":%s,"thought":%s,"thread":%s,"took_ms":%s}', to_json((payload->>'agent')), to_json((payload->>'model')), coalesce(to_json((payload->>'started_at')), 'null'), to_json((payload->>'step')), case when payload->'thought' <> 'null' then row_to_json(jsonb_populate_record(null::form.of_thought, payload->'thought')) else 'null' end, to_json((payload->>'thread')), (payload->>'took_ms')::bigint) else '' end; end if;
                            end if;
                        else
                            if event_type < 'SubjectForgotten' collate "C" then
                                if event_type = 'StrategyAdmitted' then return case when (abs((payload->>'days')::bigint) <= 9007199254740991 and (payload->>'days')::bigint >= 1 and (payload->>'days')::bigint <= 400 and (payload->>'key_hash') ~ '^[0-9a-f]{64}$' and (payload->>'machine') ~ '^mch-[a-z0-9-]{1,40}$') is not false then format('{"advisor":%s,"days":%s,"key_hash":%s,"machine":%s}', to_json((payload->>'advisor')), (payload->>'days')::bigint, to_json((payload->>'key_hash')), to_json((payload->>'machine'))) else '' end; end if;
                            else
                                if event_type < 'SubjectKeyRotated' collate "C" then
                                    if event_type = 'SubjectForgotten' then return row_to_json(jsonb_populate_record(null::form.of_subject_forgotten, payload))::text; end if;
                                else
                                    if event_type = 'SubjectKeyRotated' then return case when (abs((payload->>'version')::bigint) <= 9007199254740991) is not false then format('{"request":%s,"subject":%s,"version":%s}', to_json((payload->>'request')), to_json((payload->>'subject')), (payload->>'version')::bigint) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'TradeAllocated' collate "C" then
                            if event_type < 'ToolCalled' collate "C" then
                                if event_type = 'ThreadOpened' then return format('{"household":%s,"thread":%s}', coalesce(to_json((payload->>'household')), 'null'), to_json((payload->>'thread'))); end if;
                            else
                                if event_type = 'ToolCalled' then return case when ((payload->>'as_of') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'as_of'), 'timestamptz') and (payload->>'outcome') in ('answered', 'refused') and (payload->>'started_at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'started_at'), 'timestamptz') and abs((payload->>'took_ms')::bigint) <= 9007199254740991) is not false then format('{"agent":%s,"as_of":%s,"ask":%s,"call":%s,"outcome":%s,"refusal":%s,"source":%s,"started_at":%s,"thread":%s,"took_ms":%s,"tool":%s}', to_json((payload->>'agent')), coalesce(to_json((payload->>'as_of')), 'null'), row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'ask')), to_json((payload->>'call')), to_json((payload->>'outcome')), coalesce(to_json((payload->>'refusal')), 'null'), coalesce(to_json((payload->>'source')), 'null'), coalesce(to_json((payload->>'started_at')), 'null'), to_json((payload->>'thread')), (payload->>'took_ms')::bigint, to_json((payload->>'tool'))) else '' end; end if;
                            end if;
                        else
                            if event_type < 'TradeBusted' collate "C" then
                                if event_type = 'TradeAllocated' then return case when ((payload->>'average_price') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'average_price')) <= 40 and (payload->>'fees') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'fees')) <= 40 and (payload->>'quantity') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'quantity')) <= 40 and (payload->>'side') in ('buy', 'sell')) is not false then format('{"account":%s,"average_price":%s,"fees":%s,"order":%s,"quantity":%s,"settles_on":%s,"side":%s,"symbol":%s,"trade_date":%s}', to_json((payload->>'account')), to_json((payload->>'average_price')), to_json((payload->>'fees')), to_json((payload->>'order')), to_json((payload->>'quantity')), to_json((payload->>'settles_on')), to_json((payload->>'side')), to_json((payload->>'symbol')), to_json((payload->>'trade_date'))) else '' end; end if;
                            else
                                if event_type < 'TradeConfirmed' collate "C" then
                                    if event_type = 'TradeBusted' then return case when (abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 1 and (payload->>'side') in ('buy', 'sell')) is not false then format('{"account":%s,"execution":%s,"order":%s,"reason":%s,"revision":%s,"side":%s,"symbol":%s,"trade_date":%s,"venue":%s,"was":%s}', to_json((payload->>'account')), to_json((payload->>'execution')), to_json((payload->>'order')), to_json((payload->>'reason')), (payload->>'revision')::bigint, to_json((payload->>'side')), to_json((payload->>'symbol')), to_json((payload->>'trade_date')), to_json((payload->>'venue')), row_to_json(jsonb_populate_record(null::form.of_booked, payload->'was'))) else '' end; end if;
                                else
                                    if event_type = 'TradeConfirmed' then return format('{"account":%s,"order":%s,"trade_date":%s}', to_json((payload->>'account')), to_json((payload->>'order')), to_json((payload->>'trade_date'))); end if;
                                end if;
                            end if;
                        end if;
                    end if;
                else
                    if event_type < 'TradingHalted' collate "C" then
                        if event_type < 'TradeGivenUp' collate "C" then
                            if event_type < 'TradeFailedToSettle' collate "C" then
                                if event_type = 'TradeCorrected' then return case when (abs((payload->>'revision')::bigint) <= 9007199254740991 and (payload->>'revision')::bigint >= 1 and (payload->>'side') in ('buy', 'sell')) is not false then format('{"account":%s,"execution":%s,"now":%s,"order":%s,"reason":%s,"revision":%s,"side":%s,"symbol":%s,"trade_date":%s,"venue":%s,"was":%s}', to_json((payload->>'account')), to_json((payload->>'execution')), row_to_json(jsonb_populate_record(null::form.of_booked, payload->'now')), to_json((payload->>'order')), to_json((payload->>'reason')), (payload->>'revision')::bigint, to_json((payload->>'side')), to_json((payload->>'symbol')), to_json((payload->>'trade_date')), to_json((payload->>'venue')), row_to_json(jsonb_populate_record(null::form.of_booked, payload->'was'))) else '' end; end if;
                            else
                                if event_type = 'TradeFailedToSettle' then return format('{"account":%s,"order":%s,"reason":%s,"session":%s,"trade_date":%s}', to_json((payload->>'account')), to_json((payload->>'order')), to_json((payload->>'reason')), to_json((payload->>'session')), to_json((payload->>'trade_date'))); end if;
                            end if;
                        else
                            if event_type < 'TradeSettled' collate "C" then
                                if event_type = 'TradeGivenUp' then return case when ((payload->>'broker') ~ '^[A-Z0-9]{4,11}$') is not false then format('{"account":%s,"broker":%s,"custodian":%s,"order":%s,"trade_date":%s}', to_json((payload->>'account')), to_json((payload->>'broker')), to_json((payload->>'custodian')), to_json((payload->>'order')), to_json((payload->>'trade_date'))) else '' end; end if;
                            else
                                if event_type < 'TradeSteppedOut' collate "C" then
                                    if event_type = 'TradeSettled' then return case when ((payload->>'net_amount') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'net_amount')) <= 40) is not false then format('{"account":%s,"net_amount":%s,"order":%s,"trade_date":%s}', to_json((payload->>'account')), to_json((payload->>'net_amount')), to_json((payload->>'order')), to_json((payload->>'trade_date'))) else '' end; end if;
                                else
                                    if event_type = 'TradeSteppedOut' then return case when ((payload->>'broker') ~ '^[A-Z0-9]{4,11}$') is not false then format('{"account":%s,"broker":%s,"custodian":%s,"order":%s,"trade_date":%s}', to_json((payload->>'account')), to_json((payload->>'broker')), to_json((payload->>'custodian')), to_json((payload->>'order')), to_json((payload->>'trade_date'))) else '' end; end if;
                                end if;
                            end if;
                        end if;
                    else
                        if event_type < 'WatchListed' collate "C" then
                            if event_type < 'TradingResumed' collate "C" then
                                if event_type = 'TradingHalted' then return case when ((payload->>'cause') in ('person', 'machine', 'alert', 'file') and (payload->>'halted_at') ~ '^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z$' and pg_input_is_valid((payload->>'halted_at'), 'timestamptz')) is not false then format('{"alert":%s,"cause":%s,"halt":%s,"halted_at":%s,"named":%s,"reason":%s,"scope":%s}', coalesce(to_json((payload->>'alert')), 'null'), to_json((payload->>'cause')), to_json((payload->>'halt')), coalesce(to_json((payload->>'halted_at')), 'null'), coalesce(to_json((payload->>'named')), 'null'), case when payload->'reason' <> 'null' then row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'reason')) else 'null' end, to_json((payload->>'scope'))) else '' end; end if;
                            else
                                if event_type = 'TradingResumed' then return row_to_json(jsonb_populate_record(null::form.of_trading_resumed, payload))::text; end if;
                            end if;
                        else
                            if event_type < 'WatchUnlisted' collate "C" then
                                if event_type = 'WatchListed' then return format('{"entry":%s,"watch":%s}', row_to_json(jsonb_populate_record(null::form.of_sealed, payload->'entry')), to_json((payload->>'watch'))); end if;
                            else
                                if event_type < 'WithdrawalScheduled' collate "C" then
                                    if event_type = 'WatchUnlisted' then return format('{"watch":%s}', to_json((payload->>'watch'))); end if;
                                else
                                    if event_type = 'WithdrawalScheduled' then return case when ((payload->>'amount') ~ '^-?[0-9]+(\.[0-9]+)?$' and length((payload->>'amount')) <= 40) is not false then format('{"account":%s,"amount":%s,"due_on":%s,"schedule":%s}', to_json((payload->>'account')), to_json((payload->>'amount')), to_json((payload->>'due_on')), to_json((payload->>'schedule'))) else '' end; end if;
                                end if;
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
