-- sweep.lua: takes what is past retention out of some chunks of a chunked set, and
-- those that are then empty out of its table. The others keep their numbers, so
-- that whoever has read the table before finds them. Safe to run twice.
--
-- KEYS 1 base of the chunks
--      2 where the table is: the base again (string) or, of a trail, the person
--        (hash, field c)
-- ARGV 1 what is older than this goes, UTC ms   2 'string' | 'hash'
--      3 numbers of the chunks, 2 bytes each
--      4 people whose events stay, 8 bytes each; members have to begin with the
--        person then. '' = nobody's
-- Returns how many members went
local base, holder, before, kind = KEYS[1], KEYS[2], '(' .. ARGV[1], ARGV[2]
local held, empty, gone = {}, {}, 0
for i = 1, #ARGV[4], 8 do held[string.sub(ARGV[4], i, i + 7)] = true end

for i = 1, #ARGV[3], 2 do
  local high, low = string.byte(ARGV[3], i, i + 1)
  local n = high * 256 + low
  local key = base .. ':' .. n
  if ARGV[4] == '' then
    gone = gone + redis.call('ZREMRANGEBYSCORE', key, '-inf', before)
  else
    for _, m in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', before)) do
      if not held[string.sub(m, 1, 8)] then gone = gone + redis.call('ZREM', key, m) end
    end
  end
  empty[n] = redis.call('EXISTS', key) == 0
end

local tbl
if kind == 'hash' then tbl = redis.call('HGET', holder, 'c') else tbl = redis.call('GET', holder) end
if not tbl then return gone end
local left = {}
for i = 1, #tbl, 8 do
  local high, low = string.byte(tbl, i + 6, i + 7)
  if not empty[high * 256 + low] then left[#left + 1] = string.sub(tbl, i, i + 7) end
end
local now = table.concat(left)
if now == tbl and now ~= '' then return gone end
if kind == 'hash' then
  if now == '' then redis.call('HDEL', holder, 'c') else redis.call('HSET', holder, 'c', now) end
elseif now == '' then redis.call('DEL', holder) else redis.call('SET', holder, now) end
return gone
