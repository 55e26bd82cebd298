-- of_order --
-- The trades of one order, as far as the asker may see it, by trade date.
select t.account, t.side, t.symbol, t.quantity, t.paid, t.fees, t.net, t.trade_date, t.settles_on, t.told, t.changes
from gatehouse.trade t where t.order_id = %(order)s order by t.trade_date;
