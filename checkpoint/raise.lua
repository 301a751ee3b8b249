-- raise.lua: from now on scans in this partition need at least this version of
-- the rules. Never lowers it.
--
-- KEYS 1 partition (hash, field v)
-- ARGV 1 version
-- Returns the version in force
local now = tonumber(redis.call('HGET', KEYS[1], 'v') or 0)
if tonumber(ARGV[1]) <= now then return now end
redis.call('HSET', KEYS[1], 'v', ARGV[1])
return tonumber(ARGV[1])
