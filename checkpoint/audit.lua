-- audit.lua: adds entries to the audit if its head is still the one they were
-- chained to. Safe to run twice: entries that are there already are not added.
-- Who comes too late leaves a word (w), so that the next one who writes lets
-- them go first.
--
-- KEYS 1 head (hash: n last number, h its hash, w who waits)   2 entries (stream, ID number-0, field r)
--      3... whom or what entries are about (sorted set of their numbers)
-- ARGV 1 number of the head   2 its hash   3 who writes   4 which entry each of KEYS 3... is for, 2 bytes
--      each, from 1   5 how many numbers such a set keeps
--      6... entries; the last 32 bytes of each are its hash
-- Returns {1} or, if somebody else waits, {2}; or {0, number, hash, hash of
-- entry ARGV 1 or ''}: the head is another one
local function entry(number)
  local id = string.format('%d-0', number)
  local found = redis.call('XRANGE', KEYS[2], id, id)
  return found[1] and found[1][2][2] or ''
end

local head = redis.call('HMGET', KEYS[1], 'n', 'h', 'w')
local number, hash, waiting = tonumber(head[1] or '0'), head[2] or string.rep('\0', 32), head[3]
-- Where somebody set the head back, the entries know better.
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
if last and tonumber(string.match(last[1], '^%d+')) > number then
  number, hash = tonumber(string.match(last[1], '^%d+')), string.sub(last[2][2], -32)
end

local expected = tonumber(ARGV[1])
if number ~= expected or hash ~= ARGV[2] then
  if entry(expected + #ARGV - 5) == ARGV[#ARGV] then return {1} end
  redis.call('HSET', KEYS[1], 'w', ARGV[3])
  return {0, number, hash, string.sub(entry(expected), -32)}
end
for i = 6, #ARGV do
  number = number + 1
  redis.call('XADD', KEYS[2], string.format('%d-0', number), 'r', ARGV[i])
end
for i = 3, #KEYS do
  local high, low = string.byte(ARGV[4], 2 * i - 5, 2 * i - 4)
  local n = string.format('%d', expected + 256 * high + low)
  redis.call('ZADD', KEYS[i], n, n)
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -1 - tonumber(ARGV[5]))
end
redis.call('HSET', KEYS[1], 'n', string.format('%d', number), 'h', string.sub(ARGV[#ARGV], -32))
if not waiting then return {1} end
redis.call('HDEL', KEYS[1], 'w')
return {waiting == ARGV[3] and 1 or 2}
