-- rewind.lua: sends a partition's projector back in the log, whoever it is, and
-- never forward. The owner loses the lease, since it goes on from a cursor in its
-- memory; the next one starts from the cursor that is written here. Safe to run
-- twice.
--
-- KEYS 1 partition (hash, fields of lease.lua)
-- ARGV 1 how far back from now, ms, by the clock that numbers the log's entries
-- Returns 1, or 0 if the cursor is not past that
local part = KEYS[1]
local time = redis.call('TIME')
local to = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[1])
local l = redis.call('HMGET', part, 'cur', 'lf')
local at = tonumber(string.match(l[1] or '', '^%d+') or 0)
if at <= to then return 0 end
redis.call('HSET', part, 'cur', string.format('%d-0', math.max(to, 0)), 'lf', tonumber(l[2] or 0) + 1, 'lx', 0)
redis.call('HDEL', part, 'lo')
return 1
