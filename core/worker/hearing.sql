-- differing --
-- Open differences with venues, the oldest first.
select d.difference, d.order_id from gatehouse.difference d
where d.cleared_seq is null and d.order_id is not null and d.party like 'venue:%' order by d.found_seq;
