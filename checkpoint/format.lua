-- format.lua: writes down which format the data has, if nobody else has since it
-- was read. Safe to run twice.
--
-- KEYS 1 meta (hash: format, the oldest whose programs may work on the data; partitions;
--        version, of the registry)
--      2 format (hash: version of the data, at, by)
-- ARGV 1 version that the data had, 0: there was no data  2 version that it has now
--      3 oldest format whose programs may work on it, never lowered  4 partitions
--      5 now, UTC ms  6 the program that says so
-- Returns 1, or 0 if the data has another version by now
local oldest = tonumber(redis.call('HGET', KEYS[1], 'format') or 0)
local version = tonumber(redis.call('HGET', KEYS[2], 'version') or oldest)
if version ~= tonumber(ARGV[1]) then return 0 end
local raised = math.max(oldest, tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'format', raised)
-- who is at work reads the registry again, and stops if the data is not for it any more
if oldest > 0 and raised > oldest then redis.call('HINCRBY', KEYS[1], 'version', 1) end
redis.call('HSETNX', KEYS[1], 'partitions', ARGV[4])
redis.call('HSET', KEYS[2], 'version', ARGV[2], 'at', ARGV[5], 'by', ARGV[6])
return 1
