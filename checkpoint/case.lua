-- case.lua: writes a field of a hash if it is still as the caller read it: a tracing
-- case, the campaign, the field key in use, the version of the registry. Safe to run
-- twice: the second run finds what it would write.
--
-- KEYS 1 hash
-- ARGV 1 field   2 value as it was read, '' = none   3 value to write
-- Returns 1, or 0 if it has changed meanwhile
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now == ARGV[3] then return 1 end
if now ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
