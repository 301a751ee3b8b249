-- permit.lua: gives a person a permit or an exemption, or takes it back. Both
-- are a record in the person's field v, by which scans are judged (verdict.lua
-- has its form), and beside it what only people read. Safe to run twice: the
-- second run finds the first.
--
-- KEYS 1 person (hash)  2 partition (hash; field permits: how many were issued)
--      3 permits (sorted set by the time when they end; a hash for each at
--        KEYS[3]:number)
--      4 people (base: a hash for each)
-- A member of KEYS[3] is number 4, type 1, person 8, site 4, host 8, from 6.
-- ARGV 1 'issue' | 'end' | 'sweep'   2 now, ms   3 what ended before this time, ms, goes
--      issue: 4 partition's number   5 record, from its type on
--      6 member, from its type on   7 until, ms   8 request 12: hash 8 + digest 4
--      9 sealed particulars   10 '1' if it may still be issued   11 who issues it
--      end: 4 permit's number, 4 bytes   5 who ends it
-- Returns {'new' | 'again', number}, {'unknown'} no such person, {'other'} the
-- same request with other content, {'late'}, {'full'}; {'ended' | 'over'}, {'none'};
-- of a sweep how many went, of at most 20
local RECORD, MOST = 27, 8
local person, permits, now = KEYS[1], KEYS[3], tonumber(ARGV[2])

-- find gives the place of a permit in a person's list, nil if it is not there.
local function find(list, number)
  for i = 1, #list, RECORD do
    if string.sub(list, i, i + 3) == number then return i end
  end
end

local function without(list, i) return string.sub(list, 1, i - 1) .. string.sub(list, i + RECORD) end

-- keep_uses notes in a permit's hash, once, how often it was used.
local function keep_uses(list, i)
  redis.call('HSETNX', permits .. ':' .. string.sub(list, i, i + 3), 'u', string.byte(list, i + 22))
end

-- finish ends the permit at place i of a list now. That of a visitor lets in
-- no more even by a slow clock, and its end still shows on the way out; one that
-- had not begun (0) cannot be overstayed.
local function finish(list, i, by)
  local number, kind = string.sub(list, i, i + 3), string.sub(list, i + 4, i + 4)
  local from, used = string.sub(list, i + 9, i + 14), string.sub(list, i + 21, i + 22)
  local till = time_at(list, i + 9) > now and 0 or now
  keep_uses(list, i)
  if kind == 'v' then from, used = '\0\0\0\0\0\0', '\1\255' end
  local details = permits .. ':' .. number
  redis.call('HSET', details, 'w', ARGV[2], 'y', by)
  redis.call('ZADD', permits, ARGV[2], number .. redis.call('HGET', details, 'm'))
  return string.sub(list, 1, i + 8) .. from .. big_endian(till, 6) .. used .. string.sub(list, i + 23)
end

if ARGV[1] == 'end' then
  local number = ARGV[4]
  if redis.call('EXISTS', permits .. ':' .. number) == 0 then return {'none'} end
  local list = redis.call('HGET', person, 'v') or ''
  local i = find(list, number)
  if not i or time_at(list, i + 15) <= now then return {'over'} end
  redis.call('HSET', person, 'v', finish(list, i, ARGV[5]))
  changed(person)
  return {'ended'}
end

-- What is past retention goes, of whomever it is.
local over = 0
for _, m in ipairs(redis.call('ZRANGEBYSCORE', permits, '-inf', '(' .. ARGV[3], 'LIMIT', 0, 20)) do
  over = over + 1
  local number, holder = string.sub(m, 1, 4), KEYS[4] .. string.sub(m, 6, 13)
  local list = redis.call('HGET', holder, 'v') or ''
  local i = find(list, number)
  if i then
    redis.call('HSET', holder, 'v', without(list, i))
    changed(holder)
  end
  redis.call('DEL', permits .. ':' .. number)
  redis.call('ZREM', permits, m)
end

if ARGV[1] == 'sweep' then return over end

local f = redis.call('HMGET', person, 'k', 'v')
if not f[1] then return {'unknown'} end
local list, request = f[2] or '', ARGV[8]
for i = 1, #list, RECORD do
  local number = string.sub(list, i, i + 3)
  local known = redis.call('HGET', permits .. ':' .. number, 'q') or ''
  if string.sub(known, 1, 8) == string.sub(request, 1, 8) then
    return known == request and {'again', number} or {'other'}
  end
end
if ARGV[10] ~= '1' then return {'late'} end

if string.sub(ARGV[5], 1, 1) == 'x' then -- one exemption follows the other
  for i = 1, #list, RECORD do
    if string.sub(list, i + 4, i + 4) == 'x' and time_at(list, i + 15) > now then list = finish(list, i, ARGV[11]) end
  end
end
local i = 1
while #list >= MOST * RECORD and i <= #list do -- the oldest that are over make room
  if time_at(list, i + 15) <= now then
    keep_uses(list, i)
    list = without(list, i)
  else i = i + RECORD end
end
if #list >= MOST * RECORD then return {'full'} end

local count = redis.call('HINCRBY', KEYS[2], 'permits', 1)
local number = big_endian(count * 64 + tonumber(ARGV[4]), 4)
redis.call('HSET', permits .. ':' .. number, 'q', request, 'm', ARGV[6], 'd', ARGV[9])
redis.call('ZADD', permits, ARGV[7], number .. ARGV[6])
redis.call('HSET', person, 'v', list .. number .. ARGV[5])
changed(person)
return {'new', number}
