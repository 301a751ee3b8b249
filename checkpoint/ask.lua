-- ask.lua: counts people as asked about under a case, all or none. Safe to run
-- twice: who was asked about before counts once.
--
-- KEYS 1 people asked about (set of 8-byte IDs)
-- ARGV 1 most of them   2... IDs
-- Returns 1, or 0 if there would be more
local new, seen = 0, {}
for i = 2, #ARGV do
  if not seen[ARGV[i]] and redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then
    seen[ARGV[i]], new = true, new + 1
  end
end
if new == 0 then return 1 end
if redis.call('SCARD', KEYS[1]) + new > tonumber(ARGV[1]) then return 0 end
for id in pairs(seen) do redis.call('SADD', KEYS[1], id) end
return 1
