-- refuse.lua: records in the gate's own log a refusal for which no person is
-- known. Safe to run twice: the second run finds the first.
--
-- KEYS 1 table of the gate's refusals that day (string; chunks at KEYS[1]:n)
--      2 counter of this device in this minute (string)
-- ARGV 1 occurred_at, ms  2 scan hash 8 + digest 4  3 outcome 4 + body
--      4 most refusals kept per device and minute   5 '1' if it may be recorded
-- Returns {'new' | 'again', member} or {'other'} {'capped'} {'time'}
local base, counter, at, id = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local t = tonumber(at)
local tbl = redis.call('GET', base) or ''
local same = redis.call('ZRANGEBYSCORE', base .. ':' .. chunk_of(tbl, t), at, at)
for _, m in ipairs(same) do
  if string.sub(m, 1, 8) == string.sub(id, 1, 8) then
    if string.sub(m, 1, 12) ~= id then return {'other'} end
    return {'again', m}
  end
end
if ARGV[5] ~= '1' then return {'time'} end

local count = redis.call('INCR', counter)
redis.call('PEXPIRE', counter, 120000)
if count > tonumber(ARGV[4]) then return {'capped'} end

local member = id .. ARGV[3]
local _, now = chunk_add(tbl, base, t, at, member)
if now ~= tbl then redis.call('SET', base, now) end
return {'new', member}
