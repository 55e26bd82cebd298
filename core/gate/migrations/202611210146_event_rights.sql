-- Which events there are, which law admits each, and which login may write it.

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('FirmFounded', 'firm', null),
    ('PersonEngaged', 'person/', 'law_person_engaged'),
    ('RegistrationRecorded', 'person/', 'law_registration_recorded'),
    ('PasswordReset', 'person/', null),
    ('InstrumentListed', 'instrument/', null),
    ('CustodianAppointed', 'custodian/', null),
    ('ModelPublished', 'model/', null),
    ('HouseholdOpened', 'household/', 'law_household_opened'),
    ('AccountOpened', 'account/', 'law_account_opened'),
    ('IpsAdopted', 'account/', null),
    ('RiskProfileRecorded', 'household/', null),
    ('RestrictionPlaced', 'restricted/', null),
    ('DoNotTradePlaced', 'account/', null),
    ('LotReceived', 'account/', 'law_lot_received'),
    ('CashDeposited', 'account/', 'law_cash_deposited'),
    ('WithdrawalScheduled', 'account/', null),
    ('FeeScheduled', 'account/', null),
    ('BusinessDayOpened', 'market', 'law_day_opened'),
    ('BusinessDayClosed', 'market', 'law_day_closed'),
    ('BusinessDayOpenRequested', 'market', 'law_day_requested'),
    ('BusinessDayCloseRequested', 'market', 'law_day_requested'),
    ('SessionOpened', 'person/', null),
    ('ThreadOpened', 'thread/', 'law_thread_opened'),
    ('MessageReceived', 'thread/', 'law_in_thread'),
    ('AnswerGiven', 'thread/', 'law_in_thread'),
    ('ToolCalled', 'thread/', 'law_in_thread'),
    ('StepTaken', 'thread/', 'law_in_thread'),
    ('DocumentStored', 'library/', null),
    ('ProposalDrafted', 'proposal/', 'law_proposal_drafted'),
    ('ProposalAssessed', 'proposal/', 'law_proposal_assessed'),
    ('ProposalDenied', 'proposal/', 'law_proposal_denied'),
    ('ProposalSubmitted', 'proposal/', 'law_proposal_submitted'),
    ('ConsentRecorded', 'proposal/', 'law_consent_recorded'),
    ('ProposalApproved', 'proposal/', 'law_proposal_approved'),
    ('ProposalReturned', 'proposal/', 'law_proposal_turned_down'),
    ('ProposalDeclined', 'proposal/', 'law_proposal_turned_down'),
    ('ProposalWithdrawn', 'proposal/', 'law_proposal_withdrawn'),
    ('ProposalLapsed', 'proposal/', 'law_proposal_lapsed'),
    ('OrderReleased', 'order/', 'law_order_released'),
    ('OrderDenied', 'order/', 'law_order_denied'),
    ('OrderRouted', 'order/', 'law_after_release'),
    ('OrderSent', 'order/', 'law_after_release'),
    ('OrderAccepted', 'order/', 'law_after_release'),
    ('OrderRejected', 'order/', 'law_after_release'),
    ('OrderDoubted', 'order/', 'law_after_release'),
    ('OrderFilled', 'order/', 'law_order_filled'),
    ('OrderCancelled', 'order/', 'law_after_release'),
    ('OrderExpired', 'order/', 'law_after_release'),
    ('TradeAllocated', 'trade/', null),
    ('TradeConfirmed', 'trade/', null),
    ('TradeSettled', 'trade/', null);

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_owner' from unnest(array[
        'FirmFounded', 'PersonEngaged', 'RegistrationRecorded', 'PasswordReset', 'InstrumentListed',
        'CustodianAppointed', 'ModelPublished', 'HouseholdOpened', 'AccountOpened', 'IpsAdopted',
        'RiskProfileRecorded', 'RestrictionPlaced', 'DoNotTradePlaced', 'LotReceived', 'CashDeposited',
        'WithdrawalScheduled', 'FeeScheduled', 'BusinessDayOpened']) as founding (event_type)
    union all select event_type, 'gh_agent' from unnest(array[
        'ProposalDrafted', 'ToolCalled', 'StepTaken']) as agents (event_type)
    union all select event_type, 'gh_intake' from unnest(array[
        'SessionOpened', 'ThreadOpened', 'MessageReceived', 'AnswerGiven', 'DocumentStored',
        'ProposalDrafted']) as intake (event_type)
    union all select event_type, 'gh_approver' from unnest(array[
        'ProposalSubmitted', 'ConsentRecorded', 'ProposalApproved', 'ProposalReturned', 'ProposalDeclined',
        'ProposalWithdrawn', 'BusinessDayCloseRequested', 'BusinessDayOpenRequested']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'ProposalAssessed', 'ProposalDenied', 'ProposalLapsed', 'OrderReleased', 'OrderDenied', 'OrderRouted',
        'OrderSent', 'OrderAccepted', 'OrderRejected', 'OrderDoubted', 'OrderFilled', 'OrderCancelled',
        'OrderExpired', 'TradeAllocated', 'TradeConfirmed', 'TradeSettled', 'BusinessDayOpened',
        'BusinessDayClosed']) as gate (event_type);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.releasable(gatehouse.leg) to gh_gate;
