-- The report of the last run of a kind that has ended.
-- Parameters: kind text.
-- Result: at most one row: report (null: there is none).

select report from nodes.runs where kind = $1
