-- case.lua: writes a tracing case, or the campaign, if it is still as the caller
-- read it. Safe to run twice: the second run finds what it would write.
--
-- KEYS 1 cases (hash: number -> sealed record), or the campaign
-- ARGV 1 field   2 record as it was read, '' = none   3 record to write
-- Returns 1, or 0 if it has changed meanwhile
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now == ARGV[3] then return 1 end
if now ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
