-- Which product an operator's Idempotency-Key has made is found by how its command id begins.

create index commands_by_id on stock.commands (command_id);
