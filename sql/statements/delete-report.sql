-- Takes an API node away that has stopped.
-- Parameters: node text.

delete from nodes.reports
 where node = $1
