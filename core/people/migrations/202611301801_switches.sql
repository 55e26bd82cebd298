-- Decisions of version 2 also say that another model thinks, and why; version 1 stays readable.

update gatehouse.event_kind set version = 2 where event_type = 'DecisionTaken';
