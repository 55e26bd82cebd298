-- emails --
-- What the asker may read, what waits first and the oldest of it.
select m.*, gatehouse.asker_person() as asker from gatehouse.held_email m
where (%(email)s::text is null or m.email = %(email)s)
  and (%(household)s::text is null or m.household = %(household)s)
order by array_position(array['ADOPTED', 'HELD', 'RETURNED', 'REVIEWED', 'WITHDRAWN'], m.status), m.changed_at, m.email
limit %(limit)s;
