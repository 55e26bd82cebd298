-- What no policy lets a person ask for is an entry, though nothing of it reaches the law.

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('PolicyDenied', 'person/', null);

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_intake' from unnest(array['PolicyDenied']) as intake (event_type)
    union all select event_type, 'gh_approver' from unnest(array['PolicyDenied']) as approver (event_type);
