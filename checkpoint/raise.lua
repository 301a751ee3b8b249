-- raise.lua: a number that only rises: the version of the rules that scans in a
-- partition need at least, the time of the newest backup, the day from which pages of
-- paper logs are counted. Never lowers it.
--
-- KEYS 1 hash, field v
-- ARGV 1 number
-- Returns the number in force
local now = tonumber(redis.call('HGET', KEYS[1], 'v') or 0)
if tonumber(ARGV[1]) <= now then return now end
redis.call('HSET', KEYS[1], 'v', ARGV[1])
return tonumber(ARGV[1])
