-- project.lua: puts events into one gate's index of one day and counts their
-- temperatures. Members are immutable and only new ones are counted, so running
-- it again changes nothing.
--
-- KEYS 1 table of the gate's day (string; chunks at KEYS[1]:n)
--      2 readings of the gate's local day (hash: 2 bytes -> count; see readings.go)
-- ARGV pairs of occurred_at (ms) and member
-- Returns how many of the members are new
local base = KEYS[1]
local before = redis.call('GET', base) or ''
local tbl, fresh, counts = before, 0, {}
for i = 1, #ARGV, 2 do
  local added
  added, tbl = chunk_add(tbl, base, tonumber(ARGV[i]), ARGV[i], ARGV[i + 1])
  if added then
    fresh = fresh + 1
    local way, temp = string.byte(ARGV[i + 1], 21, 22) -- the first two bytes of the body
    if temp > 0 then
      local code = string.char(way % 16, temp)
      counts[code] = (counts[code] or 0) + 1
    end
  end
end
if tbl ~= before then redis.call('SET', base, tbl) end
local new -- a value that was not read before that day
for code, n in pairs(counts) do new = redis.call('HINCRBY', KEYS[2], code, n) == n or new end
if new then redis.call('EXPIRE', KEYS[2], 259200) end
return fresh
