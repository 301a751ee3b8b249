-- move.lua: a record that goes on under another ID, because its person moved to a
-- household of another partition, or because two records were one person's. The
-- records lie in several partitions, so each step is a call of its own. Field r of
-- the old one alone decides; all else follows it. Safe to run twice.
--
-- ARGV 1 names the step; IDs are 8 opaque bytes
--   begin    KEYS person   ARGV successor, 'm' it moves or 'j' it joins another, when
--            ms, by whom and from which node
--            From now on a sweep goes on with it.
--            -> 'ok' | 'none' no such person | 'kind' neither resident nor visitor
--            | 'other' it goes on under another ID, or is about to
--   succeed  KEYS person, identity, home set
--            ARGV successor, ID, home and identity as they were read
--            Who the person was goes; the ID stays, as that of the successor.
--            -> 'ok' | 'changed' home or identity has changed since | 'none'
--   follow   KEYS person   ARGV whom it is known as, whom it is known as from now on
--            -> 'ok'
--   done     KEYS person   -> 'ok'
local GONE, ERASED = 8, 'e' -- StatusGone, KindErased
local FORMER = 16 * 8 -- bytes of residents that a walk-in was known as before
local step, person = ARGV[1], KEYS[1]

if step == 'begin' then
  local f = redis.call('HMGET', person, 'k', 'r', 'y')
  if not f[1] then return 'none' end
  if f[2] or f[3] then return string.sub(f[3] or f[2], 1, 8) == ARGV[2] and 'ok' or 'other' end
  if f[1] ~= 'r' and f[1] ~= 'v' then return 'kind' end
  redis.call('HSET', person, 'y', ARGV[2] .. ARGV[3] .. ARGV[4])
  return 'ok'
end

if step == 'succeed' then
  local f = redis.call('HMGET', person, 'k', 'h', 'y', 'r')
  if not f[1] then return 'none' end
  if f[4] == ARGV[2] then return 'ok' end
  if (f[2] or '0') ~= ARGV[4] or (redis.call('GET', KEYS[2]) or '') ~= ARGV[5] then return 'changed' end
  redis.call('DEL', KEYS[2])
  redis.call('HDEL', KEYS[3], ARGV[3])
  redis.call('HDEL', person, 'u', 'w', 'h', 'd', 'v')
  redis.call('HSET', person, 'n', '', 'k', ERASED, 's', GONE, 'r', ARGV[2], 'b', string.sub(f[3] or '', 10))
  changed(person)
  return 'ok'
end

-- A scan of a walk-in's words may lie in the trail of whom they were known as.
if step == 'follow' then
  local f = redis.call('HMGET', person, 'k', 'r', 'q')
  if f[2] ~= ARGV[2] then return 'ok' end
  redis.call('HSET', person, 'r', ARGV[3])
  if f[1] == 'w' then redis.call('HSET', person, 'q', string.sub((f[3] or '') .. ARGV[2], -FORMER)) end
  changed(person)
  return 'ok'
end

if step == 'done' then
  redis.call('HDEL', person, 'y')
  return 'ok'
end

return redis.error_reply('move.lua: no step ' .. tostring(step))
