#!lua
-- Judges the claims of one coupon, in their order: 'p' pass, 's' seen, 'f' full.
-- KEYS  1 hash: quantity, issued (the most that any node knew), base (issued as this round began),
--         used (let through in this round), fullAt (ms)   2 sorted set: user by the ms of the pass
-- ARGV  1 quantity  2 issued  3 seenMs  4 fullMs  5 keepMs  6… users
-- Result: one letter for each user. With no user: an empty string, and nothing is written.
-- Without flags Redis refuses it as a whole where it could not write (OOM, READONLY).

local quantity, issued = tonumber(ARGV[1]), tonumber(ARGV[2])
local seenMs, fullMs, keepMs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if not (quantity and issued and seenMs and fullMs and keepMs) then
  return redis.error_reply('ERR the gate script needs five numbers')
end
if #ARGV == 5 then return '' end

-- Everything is read, and every type checked by reading it, before anything is written.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('HMGET', KEYS[1], 'quantity', 'issued', 'base', 'used', 'fullAt')
local seenAt = redis.call('ZMSCORE', KEYS[2], unpack(ARGV, 6))

quantity = math.max(quantity, tonumber(stored[1]) or 0)
issued = math.max(issued, tonumber(stored[2]) or 0)
local base, used = tonumber(stored[3]) or issued, tonumber(stored[4]) or 0
local fullAt = tonumber(stored[5])
local fullBefore = fullAt

-- A clock that has jumped, as after a failover, must not keep it full, nor users seen, for long.
if fullAt and math.abs(now - fullAt) >= fullMs then
  base, used, fullAt = issued, 0, nil
end
-- Some have won without it.
base = math.max(base, issued - used)
local left = quantity - base - used
if left > 0 then fullAt = nil end

local verdicts, passed, inBatch = {}, {}, {}
for n, before in ipairs(seenAt) do
  local user = ARGV[n + 5]
  if inBatch[user] or (before and math.abs(now - tonumber(before)) < seenMs) then
    verdicts[n] = 's'
  elseif left > 0 then
    verdicts[n] = 'p'
    left = left - 1
    used = used + 1
    inBatch[user] = true
    passed[#passed + 1] = now
    passed[#passed + 1] = user
  else
    verdicts[n] = 'f'
    fullAt = fullAt or now
  end
end

if #passed > 0 then
  redis.call('ZADD', KEYS[2], unpack(passed))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - seenMs)
  redis.call('PEXPIRE', KEYS[2], math.min(seenMs, keepMs))
end
if #passed > 0 or fullAt ~= fullBefore then
  redis.call('HSET', KEYS[1], 'quantity', quantity, 'issued', issued, 'base', base, 'used', used,
    'fullAt', fullAt or '')
  redis.call('PEXPIRE', KEYS[1], keepMs)
end
return table.concat(verdicts)
