-- case.lua: writes a tracing case if it is still as the caller read it. Safe to
-- run twice: the second run finds another value and changes nothing.
--
-- KEYS 1 cases (hash: number -> sealed record)
-- ARGV 1 number   2 record as it was read, '' = none   3 record to write
-- Returns 1, or 0 if the case has changed meanwhile
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now == ARGV[3] then return 1 end
if now ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
