-- enrol.lua: what enrolment writes, many rows a call, all rows in one partition.
-- Safe to run twice: a second run finds what the first wrote and keeps it.
--
-- ARGV 1 names the step, then KEYS and ARGV come row by row; the last of KEYS is
-- the guard (see derives in scripts.go). IDs and hashes are 8 opaque bytes.
--   claim    KEYS index bucket                  ARGV hash, candidate ID
--            -> the IDs in force, 8 bytes a row
--   reclaim  KEYS index bucket                  ARGV hash, ID, ID before
--            -> 1 each: what was the one's is the other's now
--   phone    KEYS index bucket                  ARGV hash, ID
--            -> a byte a row: 1 indexed, 0 the number has its 16 people already
--   unphone  KEYS index bucket                  ARGV hash, ID      -> 1 each
--   create   KEYS person, identity, home set    ARGV 2 kind, 3 created ms, then
--            ID, status, home, masked name, household, grid node or '', identity
--            -> 1 created, 0 existed and was left alone
--   update   KEYS person, identity, old home set, new home set
--            ARGV ID, identity as read before, home, masked name, household,
--            grid node or '', new identity
--            -> 1 updated, 0 somebody else has changed it since it was read
--   status   KEYS person   ARGV status          -> 1 set, 0 no such person
--   raise    KEYS person   ARGV old generation
--            -> the generation in force (number), nil if there is no such person
local MAX_PEOPLE = 16 * 8 -- bytes of IDs under one phone number

local step, out = ARGV[1], {}

if step == 'claim' then
  for i = 1, #KEYS - 1 do
    local bucket, hash, id = KEYS[i], ARGV[2 * i], ARGV[2 * i + 1]
    if redis.call('HSETNX', bucket, hash, id) == 0 then id = redis.call('HGET', bucket, hash) end
    out[i] = id
  end
  return table.concat(out)
end

if step == 'reclaim' then
  for i = 1, #KEYS - 1 do
    local bucket, hash, id, was = KEYS[i], ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
    if redis.call('HGET', bucket, hash) == was then redis.call('HSET', bucket, hash, id) end
    out[i] = '1'
  end
  return table.concat(out)
end

-- position of an ID in a row of IDs, nil if it is not there
local function find(ids, id)
  for at = 1, #ids, 8 do
    if string.sub(ids, at, at + 7) == id then return at end
  end
end

if step == 'phone' then
  for i = 1, #KEYS - 1 do
    local bucket, hash, id = KEYS[i], ARGV[2 * i], ARGV[2 * i + 1]
    out[i] = '1'
    if redis.call('HSETNX', bucket, hash, id) == 0 then
      local ids = redis.call('HGET', bucket, hash)
      if not find(ids, id) then
        if #ids >= MAX_PEOPLE then out[i] = '0'
        else redis.call('HSET', bucket, hash, ids .. id) end
      end
    end
  end
  return table.concat(out)
end

if step == 'unphone' then
  for i = 1, #KEYS - 1 do
    local bucket, hash, id = KEYS[i], ARGV[2 * i], ARGV[2 * i + 1]
    local ids = redis.call('HGET', bucket, hash) or ''
    local at = find(ids, id)
    if at then
      ids = string.sub(ids, 1, at - 1) .. string.sub(ids, at + 8)
      if ids == '' then redis.call('HDEL', bucket, hash)
      else redis.call('HSET', bucket, hash, ids) end
    end
    out[i] = '1'
  end
  return table.concat(out)
end

if step == 'create' then
  local kind, created = ARGV[2], ARGV[3]
  for i = 1, #KEYS / 3 do
    local k, a = 3 * i - 2, 7 * i - 3
    out[i] = '0'
    -- Who has an identity exists: it comes and goes with the person.
    if redis.call('SET', KEYS[k + 1], ARGV[a + 6], 'NX') then
      redis.call('HSET', KEYS[k], 's', ARGV[a + 1], 'h', ARGV[a + 2], 'g', '0', 'k', kind,
        'n', ARGV[a + 3], 'u', ARGV[a + 4], 'd', created)
      if ARGV[a + 5] ~= '' then redis.call('HSET', KEYS[k], 'w', ARGV[a + 5]) end
      redis.call('HSET', KEYS[k + 2], ARGV[a], '')
      changed(KEYS[k])
      out[i] = '1'
    end
  end
  return table.concat(out)
end

if step == 'update' then
  for i = 1, #KEYS / 4 do
    local k, a = 4 * i - 3, 7 * i - 5
    local person, stored = KEYS[k], redis.call('GET', KEYS[k + 1]) or ''
    out[i] = '0'
    -- Every write of an identity has a nonce of its own, so an equal blob means
    -- that nothing has changed. The same write again finds its own blob.
    if stored == ARGV[a + 1] or stored == ARGV[a + 6] then
      redis.call('HSET', person, 'h', ARGV[a + 2], 'n', ARGV[a + 3], 'u', ARGV[a + 4])
      if ARGV[a + 5] ~= '' then redis.call('HSET', person, 'w', ARGV[a + 5])
      else redis.call('HDEL', person, 'w') end
      redis.call('SET', KEYS[k + 1], ARGV[a + 6])
      redis.call('HDEL', KEYS[k + 2], ARGV[a])
      redis.call('HSET', KEYS[k + 3], ARGV[a], '')
      changed(person)
      out[i] = '1'
    end
  end
  return table.concat(out)
end

if step == 'raise' then
  local now = redis.call('HGET', KEYS[1], 'g')
  if not now then return false end
  if now == ARGV[2] then
    now = tostring(tonumber(now) + 1)
    redis.call('HSET', KEYS[1], 'g', now)
    changed(KEYS[1])
  end
  return tonumber(now)
end

return redis.error_reply('enrol.lua: no step ' .. tostring(step))
