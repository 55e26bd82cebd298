-- due --
select request, subject, status, trace from gatehouse.forgettings_due();

-- forget_stores --
select store, rows from gatehouse.forget_stores(%(request)s) order by store;

-- forgotten --
select subject from gatehouse.forgetting where status = 'FORGOTTEN' order by subject;

-- rotations --
select request, subject, trace from gatehouse.key_rotation where not finished order by request;

-- rotated --
-- The version of each subject's key that the journal knows; a subject that is not here has its first.
select subject, version, request from gatehouse.subject_key;

-- bars --
select code, kind, until from gatehouse.forgetting_bars(%(subject)s);

-- forgettings --
select request, subject, reason, asked_by, decided_by, status, stores from gatehouse.forgetting order by last_seq desc
limit 500;

-- holds --
select hold, subject, matter, placed_by, placed_on, lift_asked_by, lifted_by, status from gatehouse.legal_hold
order by last_seq desc limit 500;

-- forgetting_of --
select request, subject, status, trace from gatehouse.forgetting where request = %(request)s;

-- hold_of --
select hold, subject, status from gatehouse.legal_hold where hold = %(hold)s;
