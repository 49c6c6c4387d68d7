#!lua
-- Counts a code that nobody has.
-- KEYS  1 string: how many its caller has named    ARGV  1 ms from the first to being forgotten
-- Result: how many, this one included, and the ms that are left.
-- A count never outlives its time: both commands are done, or none.

local unknown = redis.call('INCR', KEYS[1])
if unknown == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { unknown, redis.call('PTTL', KEYS[1]) }
