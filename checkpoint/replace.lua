-- replace.lua: behind chunks.lua, for indexes that may hold a scan in other words
-- than its record: as it was indexed before the record was lost with a master, and
-- made again from what was told.

-- chunk_replace is chunk_add, which takes other members of the same scan out first;
-- the first 16 bytes name person and scan. It returns as well how many went.
local function chunk_replace(tbl, base, t, at, member)
  local key, gone = base .. ':' .. chunk_of(tbl, t), 0
  for _, m in ipairs(redis.call('ZRANGEBYSCORE', key, at, at)) do
    if m ~= member and string.sub(m, 1, 16) == string.sub(member, 1, 16) then gone = gone + redis.call('ZREM', key, m) end
  end
  local added, tbl_now = chunk_add(tbl, base, t, at, member)
  return added, tbl_now, gone
end
