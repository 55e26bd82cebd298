-- asks --
-- One row; `enrolled` null: there is no such session.
select (select a.salt from gatehouse.step_up_asks(%(ticket)s) a) as salt,
       (select a.enrolled from gatehouse.step_up_asks(%(ticket)s) a) as enrolled;

-- offer --
select secret, refused from gatehouse.offer_authenticator(%(ticket)s, %(proof)s);

-- step_up --
select gatehouse.step_up(%(ticket)s, %(about)s, %(digest)s, %(proof)s, %(code)s) as said;
