-- Of which releases there are snapshots, the newest first.
-- Parameters: none.
-- Result: release.

select release
  from nodes.snapshots
 group by release
 order by max(written_at) desc
