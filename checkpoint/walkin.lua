-- walkin.lua: joins the record of a walk-in to that of a resident and takes that
-- back. The two lie in two partitions, so each step is a call of its own. Field
-- r of the walk-in decides whom it is known as; everything else follows it and
-- is put right by doing the same again. Safe to run twice.
--
-- ARGV 1 names the step; IDs are 8 opaque bytes
--   link     KEYS resident   ARGV walk-in, most walk-ins of one resident
--            -> 'ok', 'none' no such person, 'kind' a walk-in itself, 'full'
--   unlink   KEYS resident   ARGV walk-in                 -> 'ok'
--   match    KEYS walk-in    ARGV resident, now ms, who does it
--            -> 'ok', 'none', 'kind' no walk-in, 'other' known as somebody else
--   unmatch  KEYS walk-in     ARGV now ms
--            -> the resident it is known as no more, '' if it never was
--   state    KEYS person, trail (base of chunks), inside (hash: site -> people)
--            ARGV events in the trail and fields j and r when they were read,
--            last passage and waiting reading by them, '' = none
--            -> 'ok' | 'changed'
--   hold     KEYS resident   ARGV fever case              -> 'ok'
--   release  KEYS resident   ARGV fever case              -> 'ok'
local FORMER = 16 * 8 -- bytes of residents that a walk-in was known as before
local step, person = ARGV[1], KEYS[1]

-- position of an ID in a row of IDs, nil if it is not there
local function find(ids, id)
  for at = 1, #ids, 8 do
    if string.sub(ids, at, at + 7) == id then return at end
  end
end

local function without(ids, id)
  local at = find(ids, id)
  if not at then return ids end
  return string.sub(ids, 1, at - 1) .. string.sub(ids, at + 8)
end

local function put(name, value)
  if value == '' then redis.call('HDEL', person, name) else redis.call('HSET', person, name, value) end
end

if step == 'link' then
  local f = redis.call('HMGET', person, 'k', 'j')
  local joined = f[2] or ''
  if not f[1] then return 'none' end
  if f[1] == 'w' then return 'kind' end
  if find(joined, ARGV[2]) then return 'ok' end
  if #joined >= 8 * tonumber(ARGV[3]) then return 'full' end
  put('j', joined .. ARGV[2])
  return 'ok'
end

if step == 'unlink' then
  put('j', without(redis.call('HGET', person, 'j') or '', ARGV[2]))
  return 'ok'
end

if step == 'match' then
  local f = redis.call('HMGET', person, 'k', 'r')
  if not f[1] then return 'none' end
  if f[1] ~= 'w' then return 'kind' end
  if f[2] == ARGV[2] then return 'ok' end
  if f[2] then return 'other' end
  redis.call('HSET', person, 'r', ARGV[2], 'b', ARGV[3] .. ' ' .. ARGV[4])
  changed(person)
  return 'ok'
end

-- Whom a walk-in was known as is kept, the newest last: a scan of that time lies
-- in that resident's trail, and its repeat is answered from there.
if step == 'unmatch' then
  local f = redis.call('HMGET', person, 'r', 'q')
  local former = f[2] or ''
  if not f[1] then return string.sub(former, -8) end
  redis.call('HDEL', person, 'r')
  redis.call('HSET', person, 'b', ARGV[2])
  put('q', string.sub(without(former, f[1]) .. f[1], -FORMER))
  changed(person)
  return f[1]
end

if step == 'state' then
  local f = redis.call('HMGET', person, 'c', 'l', 'j', 'r')
  if trail_size(KEYS[2], f[1] or '') ~= tonumber(ARGV[2]) or (f[3] or '') ~= ARGV[3] or (f[4] or '') ~= ARGV[4] then
    return 'changed'
  end
  put_state(person, KEYS[3], f[2] or '', ARGV[5], ARGV[6])
  return 'ok'
end

if step == 'hold' then
  if redis.call('HSETNX', person, 'f', ARGV[2]) == 1 then changed(person) end
  return 'ok'
end

if step == 'release' then
  if redis.call('HGET', person, 'f') == ARGV[2] then
    redis.call('HDEL', person, 'f')
    changed(person)
  end
  return 'ok'
end

return redis.error_reply('walkin.lua: no step ' .. tostring(step))
