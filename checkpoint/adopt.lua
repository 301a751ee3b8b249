-- adopt.lua: what was written of a person beside the gates under an ID that they
-- have no more (move.lua) goes on under the new one. The records are sealed anew for
-- it; care.lua has their form. Safe to run twice.
--
-- KEYS as of care.lua
-- ARGV 1 the kind of record   2 entries of the former record, oldest first
--      3 '1' if the last status of the former record is theirs now, unless one was
--        decided under the new ID
--      then of each entry: sealed, score among the open or feverish ones, score among
--      the closed ones; '' = none. Of a status the first score is its end.
-- Returns 'ok'
local ENTRY, STATUSES = 19, 20
local care, person, kind = KEYS[1], KEYS[2], ARGV[1]
local whose = string.sub(care, -8)
local live = {c = KEYS[3], q = KEYS[5], r = KEYS[7]}
local closed = {c = KEYS[4], q = KEYS[6]}
local tbl, front = redis.call('HGET', care, kind) or '', ''

local function has(id)
  for i = 1, #tbl, ENTRY do
    if string.sub(tbl, i, i + 7) == id then return true end
  end
  return false
end

local count = #ARGV[2] / ENTRY
for n = 1, count do
  local entry, a = string.sub(ARGV[2], (n - 1) * ENTRY + 1, n * ENTRY), 3 * n + 1
  local id = string.sub(entry, 1, 8)
  if not has(id) then
    front = front .. entry
    redis.call('HSET', care, string.upper(kind) .. id, ARGV[a])
    if live[kind] and ARGV[a + 1] ~= '' then redis.call('ZADD', live[kind], ARGV[a + 1], whose .. id) end
    if closed[kind] and ARGV[a + 2] ~= '' then redis.call('ZADD', closed[kind], ARGV[a + 2], whose .. id) end
  end
  if kind == 's' and n == count and tbl == '' and ARGV[3] == '1' then
    redis.call('HSET', person, 's', string.byte(entry, ENTRY) - 65)
    if ARGV[a + 1] ~= '' then redis.call('ZADD', KEYS[8], ARGV[a + 1], whose) end
    changed(person)
  end
end
tbl = front .. tbl
while kind == 's' and #tbl > STATUSES * ENTRY do -- the oldest make room
  redis.call('HDEL', care, 'S' .. string.sub(tbl, 1, 8))
  tbl = string.sub(tbl, ENTRY + 1)
end
if tbl ~= '' then redis.call('HSET', care, kind, tbl) end
return 'ok'
