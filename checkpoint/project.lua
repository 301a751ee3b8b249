-- project.lua: puts events into one gate's index of one day and counts their
-- temperatures. Members are immutable and only new ones are counted, so running
-- it again changes nothing.
--
-- KEYS 1 table of the gate's day (string; chunks at KEYS[1]:n)
--      2 readings of the gate's local day (hash: 2 bytes -> count; see readings.go)
-- ARGV 1 '1' if the index may hold other members of the same scans
--      then pairs of occurred_at (ms) and member
-- Returns how many of the members are new
local base, put = KEYS[1], ARGV[1] == '1' and chunk_replace or chunk_add
local before = redis.call('GET', base) or ''
local tbl, fresh, counts = before, 0, {}
for i = 2, #ARGV, 2 do
  local added, gone
  added, tbl, gone = put(tbl, base, tonumber(ARGV[i]), ARGV[i], ARGV[i + 1])
  if added then fresh = fresh + 1 end
  local n = (added and 1 or 0) - (gone or 0) -- the same scan has the same reading
  if n ~= 0 then
    local way, temp = string.byte(ARGV[i + 1], 21, 22) -- the first two bytes of the body
    if temp > 0 then
      local code = string.char(way % 16, temp)
      counts[code] = (counts[code] or 0) + n
    end
  end
end
if tbl ~= before then redis.call('SET', base, tbl) end
local new -- a value that was not read before that day
for code, n in pairs(counts) do
  if n ~= 0 then new = redis.call('HINCRBY', KEYS[2], code, n) == n or new end
end
if new then redis.call('EXPIRE', KEYS[2], 259200) end
return fresh
