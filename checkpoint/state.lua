-- state.lua: puts anew what a person's record says of where they are, after a
-- part of it has come to count for nothing or another one has been joined to it.
-- In front of the scripts that do so, which first see that the record is still
-- the one from which the new state was worked out.

-- trail_size counts the events of a trail; tbl is the table of its chunks.
local function trail_size(trail, tbl)
  local size = redis.call('ZCARD', trail .. ':0')
  for i = 7, #tbl, 8 do
    local high, low = string.byte(tbl, i, i + 1)
    size = size + redis.call('ZCARD', trail .. ':' .. high * 256 + low)
  end
  return size
end

-- put_state replaces the last passage, which is now `last`, and the reading that
-- waits for its second one; '' is none. inside is the hash of how many people
-- are inside each site.
local function put_state(person, inside, last, passage, reading)
  local function put(name, value)
    if value == '' then redis.call('HDEL', person, name) else redis.call('HSET', person, name, value) end
  end
  local function count(p, by)
    if string.sub(p, 1, 1) == 'i' then redis.call('HINCRBY', inside, string.sub(p, 8, 11), by) end
  end
  if passage ~= string.sub(last, 1, 15) then -- the pass of an earlier entry is not known any more
    put('l', passage)
    count(last, -1)
    count(passage, 1)
  end
  put('m', reading)
end
