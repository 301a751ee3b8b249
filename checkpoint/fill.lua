-- fill.lua: behind replace.lua, for scripts that put many members into a chunked
-- set at once.

-- chunk_fill puts the members of ARGV from place i on: pairs of time (ms) and
-- member; it is quicker if they are in order of time. With care it goes one by one and takes
-- out other members of the same scans (chunk_replace). It returns the table, changed
-- if a chunk had to be cut, and for each place how many members its scan has more
-- than before: 1 if it is new, 0 or less if it was there.
local function chunk_fill(tbl, base, i, care)
  local fresh, at, last = {}, ARGV, #ARGV
  while i < last do
    local members, scored = {}, {} -- those of the same chunk, as many as it has room for
    local key
    if not care and i + 2 < last then
      local before = tonumber(at[i])
      local n, pos = chunk_of(tbl, before)
      key = chunk_key(base, n)
      local ends = pos < #tbl and time_at(tbl, pos) or math.huge
      for j = i, math.min(last - 1, i + 2 * (CHUNK - redis.call('ZCARD', key)) - 2), 2 do
        local t = tonumber(at[j])
        if t < before or t >= ends then break end
        before = t
        members[#members + 1] = at[j + 1]
        scored[#scored + 1] = at[j]
        scored[#scored + 1] = at[j + 1]
      end
    end
    if #members > 1 then
      local there = {}
      for _, m in ipairs(redis.call('ZRANGEBYSCORE', key, scored[1], scored[#scored - 1])) do there[m] = true end
      redis.call('ZADD', key, unpack(scored))
      for _, m in ipairs(members) do
        fresh[i] = there[m] and 0 or 1
        there[m], i = true, i + 2
      end
    else
      local added, gone
      added, tbl, gone = (care and chunk_replace or chunk_add)(tbl, base, tonumber(at[i]), at[i], at[i + 1])
      fresh[i] = (added and 1 or 0) - (gone or 0)
      i = i + 2
    end
  end
  return tbl, fresh
end
