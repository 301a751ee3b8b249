-- plateindex.lua: puts events into a chunked set of many gates: that of one
-- plate, or a day's alerts. Members are immutable, so running it again changes
-- nothing.
--
-- KEYS 1 table of the set (string; chunks at KEYS[1]:n)
-- ARGV 1 '1' if the set may hold other members of the same scans
--      then pairs of occurred_at (ms) and member; quicker in order of time
-- Returns how many of the members are new
local before = redis.call('GET', KEYS[1]) or ''
local tbl, fresh = chunk_fill(before, KEYS[1], 2, ARGV[1] == '1')
if tbl ~= before then redis.call('SET', KEYS[1], tbl) end
local new = 0
for i = 2, #ARGV, 2 do new = new + fresh[i] end
return new
