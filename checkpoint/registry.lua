-- registry.lua: changes the registry if nobody else has since it was read.
--
-- KEYS 1 meta (hash: version, counters)  2.. the hashes that are changed
-- ARGV 1 version that the change was made from
--      then triples: index into KEYS, field, value ('' removes the field)
-- Returns the new version, or 0 if the registry has another version by now
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV, 3 do
  local key = KEYS[tonumber(ARGV[i])]
  if ARGV[i + 2] == '' then redis.call('HDEL', key, ARGV[i + 1])
  else redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2]) end
end
return redis.call('HINCRBY', KEYS[1], 'version', 1)
