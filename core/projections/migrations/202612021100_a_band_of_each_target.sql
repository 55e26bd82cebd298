-- A model portfolio may say how far each holding may be off its own target, beside how far it may be off in points of
-- the account. What is kept of the models that were published before says that they have no such band.
update gatehouse.event_kind set version = 2 where event_type = 'ModelPublished';
update gatehouse.reference set state = state || '{"relative_tolerance": null}' where kind = 'model';
