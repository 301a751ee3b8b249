-- shift.lua: puts the shifts of a device on record if nobody has changed them
-- since they were read. Safe to run twice: the second run finds other shifts
-- than those that were read and changes nothing.
--
-- KEYS 1 the device's shifts (string)
--      2 changes (sorted set: device -> number of its last change)
-- ARGV 1 shifts as they were read, '' = none   2 as they are to be
--      3 number of the device                  4 for how long they are kept, ms
-- Returns the number of the change, or 0 if the shifts are others by now
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
local newest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
local change = tonumber(newest[2] or 0) + 1
redis.call('ZADD', KEYS[2], change, ARGV[3])
return change
