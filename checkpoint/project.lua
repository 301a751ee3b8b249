-- project.lua: puts events into one gate's index of one day and counts their
-- temperatures. Members are immutable and only new ones are counted, so running
-- it again changes nothing.
--
-- KEYS 1 table of the gate's day (string; chunks at KEYS[1]:n)
--      2 readings of the gate's local day (hash: 2 bytes -> count; see readings.go)
-- ARGV 1 '1' if the index may hold other members of the same scans
--      then pairs of occurred_at (ms) and member; quicker in order of time
-- Returns how many of the members are new
local base = KEYS[1]
local before = redis.call('GET', base) or ''
local tbl, fresh = chunk_fill(before, base, 2, ARGV[1] == '1')
if tbl ~= before then redis.call('SET', base, tbl) end

local new, counts = 0, {}
for i = 2, #ARGV, 2 do
  local n = fresh[i]
  local way, temp = string.byte(ARGV[i + 1], 21, 22) -- the first two bytes of the body
  new = new + n
  if n ~= 0 and temp > 0 then
    local code = string.char(way % 16, temp)
    counts[code] = (counts[code] or 0) + n
  end
end
local first -- a value that was not read before that day
for code, n in pairs(counts) do
  if n ~= 0 then first = redis.call('HINCRBY', KEYS[2], code, n) == n or first end
end
if first then redis.call('EXPIRE', KEYS[2], 259200) end
return new
