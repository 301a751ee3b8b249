-- plateindex.lua: puts events into a chunked set of many gates: that of one
-- plate, or a day's alerts. Members are immutable, so running it again changes
-- nothing.
--
-- KEYS 1 table of the set (string; chunks at KEYS[1]:n)
-- ARGV 1 '1' if the set may hold other members of the same scans
--      then pairs of occurred_at (ms) and member
-- Returns how many of the members are new
local base, put = KEYS[1], ARGV[1] == '1' and chunk_replace or chunk_add
local before = redis.call('GET', base) or ''
local tbl, fresh = before, 0
for i = 2, #ARGV, 2 do
  local added
  added, tbl = put(tbl, base, tonumber(ARGV[i]), ARGV[i], ARGV[i + 1])
  if added then fresh = fresh + 1 end
end
if tbl ~= before then redis.call('SET', base, tbl) end
return fresh
