-- In which encoding the database keeps text.
-- Parameters: none.
-- Result: its name.

select current_setting('server_encoding')
