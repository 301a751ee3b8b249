-- chunks.lua: sorted sets cut into chunks of at most CHUNK members, so that each
-- stays in the compact listpack form (about a third of the memory).
--
-- A chunked set has a base key; chunk n lies at "<base>:n". Which chunk holds a
-- time is said by its table: a string of 8-byte entries sorted by start, each
-- 6 bytes start (ms) and 2 bytes chunk number, big-endian. Chunk 0 starts at
-- minus infinity and needs no entry. Members with one score never lie in two
-- chunks. All chunks share the base's hash tag; their keys are derived here
-- because which one is needed is only known from the table.
local CHUNK = 120

-- time_at reads the 6 bytes of a time in ms.
local function time_at(s, i)
  local a, b, c, d, e, f = string.byte(s, i, i + 5)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end

local function big_endian(v, n)
  local b = {}
  for j = n, 1, -1 do
    b[j] = string.char(v % 256)
    v = math.floor(v / 256)
  end
  return table.concat(b)
end

-- chunk_of returns the number of the chunk that holds t and the position in the
-- table where an entry behind it would go.
local function chunk_of(tbl, t)
  for i = #tbl - 7, 1, -8 do
    if time_at(tbl, i) <= t then
      local high, low = string.byte(tbl, i + 6, i + 7)
      return high * 256 + low, i + 8
    end
  end
  return 0, 1
end

-- chunk_key is the key of chunk n. Most sets have one: making text of a number takes
-- as long as a command.
local function chunk_key(base, n)
  return n == 0 and base .. ':0' or base .. ':' .. n
end

-- cut_rank finds where to cut a full chunk: at `want`, or the nearest rank whose
-- score differs from the one before it; nil if all scores are equal.
local function cut_rank(scored, size, want)
  for r = want, size - 1 do
    if scored[2 * r + 2] ~= scored[2 * r] then return r end
  end
  for r = want - 1, 1, -1 do
    if scored[2 * r + 2] ~= scored[2 * r] then return r end
  end
  return nil
end

-- highest returns the highest number of a chunk in the table, 0 if there is none.
-- Entries of chunks that have been emptied are taken out, so it may be more than
-- there are entries.
local function highest(tbl)
  local most = 0
  for i = 7, #tbl, 8 do
    local high, low = string.byte(tbl, i, i + 1)
    most = math.max(most, high * 256 + low)
  end
  return most
end

-- chunk_add puts member at time t (a number; at is its text). It returns
-- whether the member is new and the table, changed if a chunk had to be cut.
local function chunk_add(tbl, base, t, at, member)
  local n, pos = chunk_of(tbl, t)
  local key = chunk_key(base, n)
  if redis.call('ZADD', key, at, member) == 0 then return false, tbl end
  local size = redis.call('ZCARD', key)
  if size <= CHUNK then return true, tbl end

  local cut, move, want = size - 1, nil, CHUNK / 2
  if pos > #tbl then -- in order: leave the full chunk full
    local ends = redis.call('ZRANGE', key, -2, -1, 'WITHSCORES')
    if tonumber(ends[4]) == t then
      want = cut
      if ends[2] ~= ends[4] then move = {ends[4], ends[3]} end
    end
  end
  if not move then
    local scored = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    cut, move = cut_rank(scored, size, want), {}
    if not cut then return true, tbl end
    for r = cut, size - 1 do
      move[#move + 1] = scored[2 * r + 2]
      move[#move + 1] = scored[2 * r + 1]
    end
  end
  local number = highest(tbl) + 1
  redis.call('ZADD', base .. ':' .. number, unpack(move))
  redis.call('ZREMRANGEBYRANK', key, cut, -1)
  local entry = big_endian(tonumber(move[1]), 6) .. big_endian(number, 2)
  return true, string.sub(tbl, 1, pos - 1) .. entry .. string.sub(tbl, pos)
end
