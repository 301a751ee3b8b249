-- annul.lua: takes one scan back: records the annulment beside it and puts the
-- person's state to what the rest of the trail says, if the trail is still the
-- one from which that was worked out. Safe to run twice: the second run finds
-- the first.
--
-- KEYS 1 person (hash)  2 log (stream)  3 trail (base of chunks)
--      4 outings (base: a sorted set for each household)
--      5 how many are inside (hash)
-- ARGV 1 occurred_at, ms  2 annulment's hash 8 + digest 4  3 outcome 4 + body
--      4 head of the log entry: person 8 + occurred_at 6
--      5 hash of the scan that is taken back
--      6 events in the trail when it was read   7 last passage by it, '' = none
--      8 waiting reading by it, '' = none   9 permit that was used, 4 bytes, ''
-- Returns {'new' | 'again' | 'twice', member}, {'other'} or {'changed'}
local person, trail, at, id = KEYS[1], KEYS[3], ARGV[1], ARGV[2]
local t = tonumber(at)
local f = redis.call('HMGET', person, 'c', 'l', 'v', 'u')
local chunks, last, permits, household = f[1] or '', f[2] or '', f[3] or '', f[4] or ''

for _, m in ipairs(redis.call('ZRANGEBYSCORE', trail .. ':' .. chunk_of(chunks, t), at, at)) do
  if string.sub(m, 1, 8) == string.sub(id, 1, 8) then
    return string.sub(m, 1, 12) == id and {'again', m} or {'other'}
  end
  if string.find(m, 'A\8' .. ARGV[5], 17, true) then return {'twice', m} end
end
if trail_size(trail, chunks) ~= tonumber(ARGV[6]) then return {'changed'} end

local member = id .. ARGV[3]
local _, table_now = chunk_add(chunks, trail, t, at, member)
redis.call('HSET', person, 'c', table_now)
redis.call('XADD', KEYS[2], '*', 'e', ARGV[4] .. member)
put_state(person, KEYS[5], last, ARGV[7], ARGV[8])
local RECORD = 27 -- of a permit, see verdict.lua
for i = 1, #permits, RECORD do
  if string.sub(permits, i, i + 3) == ARGV[9] then
    local allowed, used = string.byte(permits, i + 21, i + 22)
    if allowed > 0 and used > 0 then
      redis.call('HSET', person, 'v', string.sub(permits, 1, i + 21) .. string.char(used - 1) .. string.sub(permits, i + 23))
      changed(person)
    end
  end
end
redis.call('ZREM', KEYS[4] .. household, ARGV[5])
return {'new', member}
