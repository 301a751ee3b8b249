-- forget.lua: what goes of a person when retention is over, or when they are
-- erased on request. Safe to run twice.
--
-- ARGV 1 names the step
--   state   KEYS person, inside (hash: site -> people)
--           ARGV 2 what is older goes, UTC ms
--           The last passage and a waiting reading that are older.
--           -> how many of the two went
--   forget  KEYS person, identity, trail (base of chunks), home set
--           ARGV 2 what is older goes, UTC ms   3 ID
--           All of somebody who is erased, or no resident and on record since
--           before that time, if nothing of them is left to keep.
--           -> 'gone' | 'kept'
--   alias   KEYS person, identity, trail   ARGV 2 what is older goes, UTC ms
--           Of a walk-in without events who is known as a resident: all but that.
--           -> 'ok' | 'kept'
--   mark    KEYS person   ARGV 2 when and by whom their erasure was begun
--           -> 'ok' | 'none'
--   erase   KEYS person, identity, home set   ARGV 2 home as it was read   3 ID
--           Who the person is. A resident or visitor is of the kind 'e' then.
--           -> 'ok' | 'changed' the home is another by now | 'none'
local GONE, ERASED = 8, 'e' -- StatusGone, KindErased
local step, person = ARGV[1], KEYS[1]

if step == 'state' then
  local cut, went = tonumber(ARGV[2]), 0
  local f = redis.call('HMGET', person, 'l', 'm')
  if f[1] and time_at(f[1], 2) < cut then
    if string.sub(f[1], 1, 1) == 'i' then redis.call('HINCRBY', KEYS[2], string.sub(f[1], 8, 11), -1) end
    went = went + redis.call('HDEL', person, 'l')
  end
  if f[2] and time_at(f[2], 3) < cut then went = went + redis.call('HDEL', person, 'm') end
  return went
end

-- has_events tells whether anything is left of the person's trail.
local function has_events(trail)
  return redis.call('HEXISTS', person, 'c') == 1 or redis.call('EXISTS', trail .. ':0') == 1
end

-- settled tells that the last match of a walk-in, or its end, lies before the
-- cut. Until then scans by their words can lie in trails of residents (field q).
local function settled(matched)
  return not matched or tonumber(string.match(matched, '^%d+')) < tonumber(ARGV[2])
end

if step == 'forget' then
  local f = redis.call('HMGET', person, 'k', 'v', 'f', 'd', 'l', 'b')
  local old = f[1] == ERASED or f[1] ~= 'r' and tonumber(f[4] or 0) < tonumber(ARGV[2])
  if not f[1] or not old or (f[2] or '') ~= '' or f[3] or f[5] or not settled(f[6]) or has_events(KEYS[3]) then return 'kept' end
  redis.call('DEL', person, KEYS[2])
  redis.call('HDEL', KEYS[4], ARGV[3])
  changed(person)
  return 'gone'
end

if step == 'alias' then
  if redis.call('HEXISTS', person, 'r') == 0 or has_events(KEYS[3]) then return 'kept' end
  redis.call('DEL', KEYS[2])
  redis.call('HSET', person, 'n', '')
  redis.call('HDEL', person, 'd')
  if settled(redis.call('HGET', person, 'b')) then redis.call('HDEL', person, 'q') end
  return 'ok'
end

if step == 'mark' then
  if redis.call('HEXISTS', person, 'k') == 0 then return 'none' end
  redis.call('HSET', person, 'x', ARGV[2])
  return 'ok'
end

if step == 'erase' then
  local f = redis.call('HMGET', person, 'k', 'h')
  if not f[1] then return 'none' end
  if (f[2] or '0') ~= ARGV[2] then return 'changed' end
  redis.call('DEL', KEYS[2])
  redis.call('HDEL', KEYS[3], ARGV[3])
  redis.call('HSET', person, 'n', '')
  redis.call('HDEL', person, 'u', 'w', 'h', 'd', 'v', 'x')
  if f[1] ~= 'w' then redis.call('HSET', person, 'k', ERASED, 's', GONE) end
  changed(person)
  return 'ok'
end

return redis.error_reply('forget.lua: no step ' .. tostring(step))
