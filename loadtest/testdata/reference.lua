-- reference.lua: the least that any honest implementation of a scan asks of Redis,
-- the yardstick for the cost of a scan. It is frozen: a test holds its SHA-256.
-- Read the person, look for the same scan, decide by one cell of the table, then
-- write trail, log and state together. No other rules, no projector, no bounds.
--
-- KEYS 1 person (hash)  2 trail (sorted set)  3 log (stream)
-- ARGV 1 occurred_at, ms      2 scan hash 8 + digest 4    3 body, opaque
--      4 head of the log entry: person 8 + occurred_at 6
--      5 cells: 4-byte outcome at (status * 2 + own home)
--      6 site, decimal        7 the passage to remember: way 1, place 14, jti 8
--      8 generation of the pass
-- Returns {'new' | 'again', member, masked name, kind, home} or one of
-- {'unknown'} {'other'}
local at, id = ARGV[1], ARGV[2]
local p = redis.call('HMGET', KEYS[1], 's', 'h', 'g', 'k', 'n', 'l')
if not p[1] then return {'unknown'} end

for _, m in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], at, at)) do
  if string.sub(m, 1, 8) == string.sub(id, 1, 8) then
    if string.sub(m, 1, 12) ~= id then return {'other'} end
    return {'again', m, p[5], p[4], p[2]}
  end
end

local outcome = '\8\7\0\0' -- deny: revoked
if p[3] == ARGV[8] then
  local cell = (tonumber(p[1]) * 2 + (p[2] == ARGV[6] and 1 or 0)) * 4
  outcome = string.sub(ARGV[5], cell + 1, cell + 4)
end
local member = id .. outcome .. ARGV[3]

redis.call('ZADD', KEYS[2], at, member)
redis.call('XADD', KEYS[3], '*', 'e', ARGV[4] .. member)
if string.byte(outcome) < 8 then redis.call('HSET', KEYS[1], 'l', ARGV[7]) end
return {'new', member, p[5], p[4], p[2]}
