-- fever.lua: closes a fever case, once. Safe to run twice: the second run finds
-- the first.
--
-- KEYS 1 open cases (sorted set by opened_at; a hash for each case at KEYS[1]:case)
--      2 closed cases (sorted set by closed_at)   3 person (hash)
-- ARGV 1 case, 8 opaque bytes   2 closed_at, ms   3 outcome   4 who closes it
--      5 sealed note, '' = none
-- Returns 'closed' | 'again', or 'other' if it was closed with another outcome,
-- 'none' if there is no such case
local open, closed, person, id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local case = open .. ':' .. id

local stored = redis.call('HMGET', case, 'z', 'y')
if not stored[1] then return 'none' end
if stored[1] ~= 'open' then return stored[2] == ARGV[3] and 'again' or 'other' end

redis.call('HSET', case, 'z', 'closed', 'x', ARGV[2], 'y', ARGV[3], 'b', ARGV[4], 'n', ARGV[5])
redis.call('ZREM', open, id)
redis.call('ZADD', closed, ARGV[2], id)
tell(person, 'F' .. id .. ARGV[2] .. ' ' .. ARGV[3])
if redis.call('HGET', person, 'f') == id then
  redis.call('HDEL', person, 'f')
  changed(person)
end
return 'closed'
