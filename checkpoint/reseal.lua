-- reseal.lua: puts values that are sealed with another key in the place of those
-- that were read, where nobody has written meanwhile. Safe to run twice: the
-- second run finds what it would write.
--
-- KEYS the records, all in one partition
-- ARGV for each: field of a hash, or '' for a string; value as it was read; new value
-- Returns a byte for each: 1 it is the new value, 0 it is another one by now
local out = {}
for i, key in ipairs(KEYS) do
  local field, old, new = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local now
  if field == '' then now = redis.call('GET', key) else now = redis.call('HGET', key, field) end
  out[i] = '1'
  if now ~= new then
    if now ~= old then out[i] = '0'
    elseif field == '' then redis.call('SET', key, new, 'KEEPTTL')
    else redis.call('HSET', key, field, new) end
  end
end
return table.concat(out)
