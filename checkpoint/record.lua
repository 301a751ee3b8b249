-- record.lua: what stands above the rules, then trail, log and state together.
-- Third part of scan.lua; see there for the input.

-- An emergency passes; the reason says what it passed over.
if emergency then
  flags = flags + F_OVERRIDE
  if decision ~= PASS then decision, action = PASS, ADMIT end
end

-- What the device told on its own stands; a difference is marked.
if told ~= '' then
  local head, why = string.byte(told, 1, 2)
  local said = math.floor(head / 8) % 4
  if said ~= decision or why ~= reason and not emergency then flags = flags + F_CONFLICT end
  decision, reason, action = said, why, head % 8
end

local member = id .. string.char(math.floor(flags / 65536) * 32 + decision * 8 + action, reason,
  math.floor(flags / 256) % 256, flags % 256) .. ARGV[4]
local function put(field, value) set[#set + 1] = field; set[#set + 1] = value end

if permit_at and decision == PASS then
  local allowed, used = string.byte(permit_list, permit_at + 21, permit_at + 22)
  member = member .. 'N\11' .. string.sub(permit_list, permit_at, permit_at + 3) ..
    string.sub(permit_list, permit_at + 15, permit_at + 20) .. string.char(allowed > 0 and allowed - used - 1 or 255)
  if allowed > 0 then
    put('v', string.sub(permit_list, 1, permit_at + 21) .. string.char(used + 1) .. string.sub(permit_list, permit_at + 23))
  end
end
if new_case then member = member .. 'F\8' .. ARGV[24] end

local _, table_now = chunk_add(chunks, trail, t, at, member)
if table_now ~= chunks then put('c', table_now) end
-- What was told before may have been recorded before, by a master that is lost: an
-- index may hold it already, in other words (see chunk_replace).
if told == '' then redis.call('XADD', log, '*', 'e', ARGV[5] .. member)
else redis.call('XADD', log, '*', 'e', ARGV[5] .. member, 't', '') end

-- Who was let pass has passed; so has who left and only had to be registered ('x').
if (decision == PASS or not entering and action == REGISTER) and t >= (last or 0) then
  put('l', (entering and 'i' or decision == PASS and 'o' or 'x') .. place .. (entering and ARGV[14] or ''))
  if last_way ~= 'i' or not entering or last_site ~= site then
    if last_way == 'i' then redis.call('HINCRBY', KEYS[8], last_site, -1) end
    if entering then redis.call('HINCRBY', KEYS[8], site, 1) end
  end
end
if outing_key and decision == PASS then
  redis.call('ZADD', outing_key, at, hash)
  redis.call('ZREMRANGEBYSCORE', outing_key, '-inf', t - 30 * 86400000)
end
if new_case then
  redis.call('HSET', KEYS[7] .. ':' .. ARGV[24], 'p', string.sub(ARGV[5], 1, 8), 'o', at, 'l', place, 'e', hash, 'c', temp,
    'e1', string.sub(reading, 13, 20), 't1', string.sub(reading, 3, 8), 'c1', string.byte(reading, 2), 'z', 'open')
  redis.call('ZADD', KEYS[7], at, ARGV[24])
  put('f', ARGV[24])
end
if new_reading == '' then redis.call('HDEL', person, 'm')
elseif new_reading then put('m', new_reading .. string.char(temp) .. string.sub(place, 1, 10) .. hash) end
if #set > 0 then redis.call('HSET', person, unpack(set)) end
if new_case or permit_at and decision == PASS then changed(person) end
return {'new', member, name, kind, home or ''}
