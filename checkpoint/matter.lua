-- matter.lua: writes matters if each is still as it was read, all or none. Safe to
-- run twice: the second run finds what it would write.
--
-- KEYS for each matter, 10: 1 record (string)   sorted sets of 8-byte IDs: 2, 3 all
--      of its kind at the node it was at and is at   4, 5 the open ones there, by
--      opened_at   6, 7 the closed ones there, by closed_at   8 the open ones of its
--      kind by when they are due   9, 10 those about whom it was about and is about,
--      by opened_at
-- ARGV 1 the most that are open at a node; then for each matter, 8: 1 id, 8 opaque
--      bytes   2 record as it was read, '' = none   3 record to write, '' = it goes
--      4 opened_at, ms   5 closed_at, ms, '' = open   6 due, ms, '' = never
--      7 member for KEYS 9 and 10   8 '1' if it is about somebody, else ''
-- Returns 'ok', 'changed' if one is another by now, 'full' if too many are open
local PER_KEYS, PER_ARGS = 10, 8
local most, matters, done = tonumber(ARGV[1]), #KEYS / PER_KEYS, 0

local function key(m, n) return KEYS[(m - 1) * PER_KEYS + n] end
local function arg(m, n) return ARGV[1 + (m - 1) * PER_ARGS + n] end

for m = 1, matters do
  local now = redis.call('GET', key(m, 1)) or ''
  if now == arg(m, 3) then done = done + 1
  elseif now ~= arg(m, 2) then return 'changed'
  elseif now == '' and arg(m, 5) == '' and redis.call('ZCARD', key(m, 5)) >= most then return 'full' end
end
if done == matters then return 'ok' end

local function place(list, id, score)
  if score == '' then redis.call('ZREM', list, id) else redis.call('ZADD', list, score, id) end
end

for m = 1, matters do
  local id, record, opened, closed, due = arg(m, 1), arg(m, 3), arg(m, 4), arg(m, 5), arg(m, 6)
  for _, n in ipairs({2, 4, 6}) do
    if record == '' or key(m, n) ~= key(m, n + 1) then redis.call('ZREM', key(m, n), id) end
  end
  if record == '' then
    redis.call('DEL', key(m, 1))
    opened, closed, due = '', '', ''
  else
    redis.call('SET', key(m, 1), record)
  end
  place(key(m, 3), id, opened)
  place(key(m, 5), id, closed == '' and opened or '')
  place(key(m, 7), id, closed)
  place(key(m, 8), id, closed == '' and due or '')
  if key(m, 9) ~= key(m, 10) then redis.call('ZREM', key(m, 9), arg(m, 7)) end
  place(key(m, 10), arg(m, 7), arg(m, 8) == '1' and opened or '')
end
return 'ok'
