-- lease.lua: takes, renews or gives back a partition's projector lease, and
-- saves the cursor under it. Time is the server's, so gateways' clocks do not
-- matter. Safe to run twice.
--
-- KEYS 1 partition (hash: lo owner, lx end of lease in ms, lf fencing token,
--        cur cursor in the log, lc: see rewind.lua)
-- ARGV 1 owner  2 length in ms, 0 = give back  3 fencing token, '' = take
--      4 cursor to save, '' = none
-- Returns {fencing token, cursor, lc or ''}, or {0} when another owner has the lease
local part, owner, length, fence, cursor = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local l = redis.call('HMGET', part, 'lo', 'lx', 'lf', 'cur', 'lc')
local token = tonumber(l[3] or 0)

if fence ~= '' then
  if l[1] ~= owner or tonumber(fence) ~= token then return {0} end
else
  if l[1] and l[1] ~= owner and tonumber(l[2]) > now then return {0} end
  token = token + 1
end
if cursor ~= '' then redis.call('HSET', part, 'cur', cursor) end
redis.call('HSET', part, 'lo', owner, 'lx', string.format('%d', now + length), 'lf', token)
return {token, cursor ~= '' and cursor or l[4] or '', l[5] or ''}
