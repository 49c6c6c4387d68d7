-- Lets another writing begin, where this one has failed, or does not begin.
-- Parameters: release text, writing text.

update nodes.snapshot_writers
   set until = now()
 where release = $1
   and writing = $2
