-- rewind.lua: sends a partition's projector back in the log, whoever it is, and
-- never forward. The owner loses the lease, since it goes on from a cursor in its
-- memory; the next one starts from the cursor that is written here. Until some
-- time from now it takes care (Projector.own). Safe to run twice.
--
-- KEYS 1 partition (hash, fields of lease.lua; lc: log entries before this time, ms,
--        are projected with care)
-- ARGV 1 how far back from now, ms, by the clock that numbers the log's entries
--      2 for how long from now care is taken, ms
-- Returns 1, or 0 if the cursor is not past that
local part = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local to, l = now - tonumber(ARGV[1]), redis.call('HMGET', part, 'cur', 'lf')
redis.call('HSET', part, 'lc', string.format('%d', now + tonumber(ARGV[2])), 'lf', tonumber(l[2] or 0) + 1, 'lx', 0)
redis.call('HDEL', part, 'lo')
if tonumber(string.match(l[1] or '', '^%d+') or 0) <= to then return 0 end
redis.call('HSET', part, 'cur', string.format('%d-0', math.max(to, 0)))
return 1
