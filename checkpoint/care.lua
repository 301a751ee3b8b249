-- care.lua: what is written of a person beside the gates: why they have their
-- status, what they contest, their diary, what they ask for. Safe to run twice.
--
-- KEYS 1 care (hash)   2 person (hash)
--      sorted sets of the partition:   3 open contests by due time   4 answered ones
--      5 open requests   6 those done   7 readings with fever   8 statuses by end
-- Of each kind of record the hash has a table (fields s statuses, c contests,
-- r readings, q requests) of entries of 19 bytes, oldest first: id 8, digest of
-- what was sent 4, time of the last change 6, state 1 (of statuses 'A' + the number); and each record sealed, at
-- the capital letter and its id. Members of the sorted sets are person 8 and id 8,
-- of 8 the person alone.
-- ARGV 1 names the step, 2 the kind of record (of sweep and forget '')
--   status  ARGV 3 entry   4 sealed   5 status, number   6 until, ms, '' = none
--           7 '' or the id of the record that has to be the last one, '-' = there has to be none
--           -> 'ok' | 'changed' another one is | 'none' no such person
--   add     ARGV 3 entry   4 sealed   5 score among the open or feverish ones, '' = none
--           6 most at all   7 most that are open   8 most from 9 to 10, ms
--           -> 'ok' | 'other' this id has other content | 'open' too many are
--           | 'full' too many in that time | 'none'
--   turn    ARGV 3 id   4 state as it was read   5 new state   6 now, ms   7 sealed
--           8 score among the closed ones, '' = it stays open
--           -> 'ok' | 'changed' the state is another | 'none' no such record
--   sweep   ARGV 3 what is older goes, ms   -> how many went
--   forget  -> how many went
local ENTRY, STATUSES = 19, 20
local care, person, step, kind = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local whose = string.sub(care, -8)
local live = {c = KEYS[3], q = KEYS[5], r = KEYS[7]}
local closed = {c = KEYS[4], q = KEYS[6]}

local function find(tbl, id)
  for i = 1, #tbl, ENTRY do
    if string.sub(tbl, i, i + 7) == id then return i end
  end
end

local function state_at(tbl, i) return string.sub(tbl, i + 18, i + 18) end

-- drop takes a record away, all but its entry in the table.
local function drop(letter, id)
  redis.call('HDEL', care, string.upper(letter) .. id)
  if live[letter] then redis.call('ZREM', live[letter], whose .. id) end
  if closed[letter] then redis.call('ZREM', closed[letter], whose .. id) end
end

local function put(letter, tbl)
  if tbl == '' then redis.call('HDEL', care, letter) else redis.call('HSET', care, letter, tbl) end
end

if step == 'sweep' or step == 'forget' then
  local cut, gone = tonumber(ARGV[3]), 0
  for _, letter in ipairs({'s', 'c', 'r', 'q'}) do
    local tbl, left = redis.call('HGET', care, letter) or '', {}
    for i = 1, #tbl, ENTRY do
      -- A status counts until the next one, and a contest until it is answered.
      local till = letter == 's' and i + ENTRY or i
      local old = step == 'forget' or till < #tbl and time_at(tbl, till + 12) < cut
        and not (letter == 'c' and state_at(tbl, i) == 'o')
      if old then
        drop(letter, string.sub(tbl, i, i + 7))
        gone = gone + 1
      else left[#left + 1] = string.sub(tbl, i, i + ENTRY - 1) end
    end
    put(letter, table.concat(left))
  end
  if step == 'forget' then redis.call('ZREM', KEYS[8], whose) end
  return gone
end

local tbl = redis.call('HGET', care, kind) or ''

if step == 'turn' then
  local i, sealed = find(tbl, ARGV[3]), string.upper(kind) .. ARGV[3]
  if not i then return 'none' end
  if redis.call('HGET', care, sealed) == ARGV[7] then return 'ok' end
  if state_at(tbl, i) ~= ARGV[4] then return 'changed' end
  put(kind, string.sub(tbl, 1, i + 11) .. big_endian(tonumber(ARGV[6]), 6) .. ARGV[5] .. string.sub(tbl, i + ENTRY))
  redis.call('HSET', care, sealed, ARGV[7])
  if ARGV[8] ~= '' then
    redis.call('ZREM', live[kind], whose .. ARGV[3])
    redis.call('ZADD', closed[kind], ARGV[8], whose .. ARGV[3])
  end
  return 'ok'
end

local id, known = string.sub(ARGV[3], 1, 8), redis.call('HGET', person, 'k')
if not known or known == 'e' then return 'none' end
local i = find(tbl, id)
if i then return string.sub(tbl, i + 8, i + 11) == string.sub(ARGV[3], 9, 12) and 'ok' or 'other' end

if step == 'status' then
  local last = tbl ~= '' and string.sub(tbl, -ENTRY, -ENTRY + 7) or '-'
  if ARGV[7] ~= '' and last ~= ARGV[7] then return 'changed' end
  while #tbl >= STATUSES * ENTRY do
    drop(kind, string.sub(tbl, 1, 8))
    tbl = string.sub(tbl, ENTRY + 1)
  end
  put(kind, tbl .. ARGV[3])
  redis.call('HSET', care, 'S' .. id, ARGV[4])
  local was = tonumber(redis.call('HGET', person, 's') or 0)
  tell(person, 'S' .. id .. string.sub(ARGV[3], 13, 18) .. string.char(was, tonumber(ARGV[5])))
  redis.call('HSET', person, 's', ARGV[5])
  if ARGV[6] == '' then redis.call('ZREM', KEYS[8], whose) else redis.call('ZADD', KEYS[8], ARGV[6], whose) end
  changed(person)
  return 'ok'
end

if step == 'add' then
  local open, within = 0, 0
  for n = 1, #tbl, ENTRY do
    local at = time_at(tbl, n + 12)
    if state_at(tbl, n) ~= 'd' then open = open + 1 end
    if at >= tonumber(ARGV[9]) and at < tonumber(ARGV[10]) then within = within + 1 end
  end
  if open >= tonumber(ARGV[7]) then return 'open' end
  if within >= tonumber(ARGV[8]) then return 'full' end
  local n = 1
  while #tbl >= tonumber(ARGV[6]) * ENTRY and n <= #tbl do -- the oldest that are closed make room
    if state_at(tbl, n) == 'd' then
      drop(kind, string.sub(tbl, n, n + 7))
      tbl = string.sub(tbl, 1, n - 1) .. string.sub(tbl, n + ENTRY)
    else n = n + ENTRY end
  end
  put(kind, tbl .. ARGV[3])
  redis.call('HSET', care, string.upper(kind) .. id, ARGV[4])
  if ARGV[5] ~= '' then redis.call('ZADD', live[kind], ARGV[5], whose .. id) end
  return 'ok'
end

return redis.error_reply('care.lua: no step ' .. tostring(step))
