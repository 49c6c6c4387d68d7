-- Drops every row that the consumers of orders have written: all of it is in the log. None of them
-- may run: one that does would find no position, and decide anew.
-- Parameters: none.
-- Result: nothing.

truncate
  coupons.consumer_positions, coupons.orders, coupons.uses,
  stock.consumer_positions, stock.orders, stock.commands, stock.products,
  payments.consumer_positions, payments.orders, payments.commands, payments.balances,
  payments.charges,
  orders.consumer_positions, orders.orders,
  dead_letters.consumer_positions, dead_letters.commands, dead_letters.letters
