-- An order whose bytes are not what people decided on does not leave; the worker says so in the order's stream.

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('OrderWithheld', 'order/', 'law_after_release');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array['OrderWithheld']) as gate (event_type);
