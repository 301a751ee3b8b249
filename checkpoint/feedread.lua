-- feedread.lua: reads what follows somebody's places in the log and the news of a
-- partition, both as they are at one moment, with the entry at each place itself. It
-- writes nothing.
--
-- KEYS 1 log (stream)  2 news (stream, tell.lua)  3 partition (hash: tr, fl the last
--        entries that were cut off the two)
-- ARGV 1 place in the log, '-' = before all   2 in the news   3 most entries of each
-- Returns {log, news, tr, fl}; of each entry of the log its ID and e, of the news its
-- ID, e and l, one after the other
local function read(stream, from, fields)
  local flat = {}
  for _, entry in ipairs(redis.call('XRANGE', stream, from, '+', 'COUNT', ARGV[3])) do
    flat[#flat + 1] = entry[1]
    for _, field in ipairs(fields) do
      local value = ''
      for i = 1, #entry[2], 2 do
        if entry[2][i] == field then value = entry[2][i + 1] end
      end
      flat[#flat + 1] = value
    end
  end
  return flat
end

local cut = redis.call('HMGET', KEYS[3], 'tr', 'fl')
return {read(KEYS[1], ARGV[1], {'e'}), read(KEYS[2], ARGV[2], {'e', 'l'}), cut[1] or '', cut[2] or ''}
