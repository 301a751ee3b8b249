-- record.lua: what stands above the rules, then trail, log and state together.
-- Third part of scan.lua; see there for the input.

-- An emergency passes; the reason says what it passed over.
if emergency == 1 then
  flags = flags + F_OVERRIDE
  if decision ~= PASS then decision, action = PASS, ADMIT end
end

-- What the device told on its own stands; a difference is marked.
if told ~= '' then
  local packed, why = byte(told, 1, 2)
  local said = math.floor(packed / 8) % 4
  if said ~= decision or why ~= reason and emergency ~= 1 then flags = flags + F_CONFLICT end
  decision, reason, action = said, why, packed % 8
end

local member = id .. string.char(math.floor(flags / 65536) * 32 + decision * 8 + action, reason,
  math.floor(flags / 256) % 256, flags % 256) .. body
local function put(field, value) set[#set + 1] = field; set[#set + 1] = value end

if permit_at and decision == PASS then
  local allowed, used = byte(permit_list, permit_at + 21, permit_at + 22)
  member = member .. 'N\11' .. sub(permit_list, permit_at, permit_at + 3) ..
    sub(permit_list, permit_at + 15, permit_at + 20) .. string.char(allowed > 0 and allowed - used - 1 or 255)
  if allowed > 0 then
    put('v', sub(permit_list, 1, permit_at + 21) .. string.char(used + 1) .. sub(permit_list, permit_at + 23))
  end
end
if new_case then member = member .. 'F\8' .. new_id end

local _, table_now = chunk_add(chunks, trail, t, at, member)
if table_now ~= chunks then put('c', table_now) end
-- What was told before may have been recorded before, by a master that is lost: an
-- index may hold it already, in other words (see chunk_replace).
if told == '' then call('XADD', log, '*', 'e', head .. member)
else call('XADD', log, '*', 'e', head .. member, 't', '') end

-- Who was let pass has passed; so has who left and only had to be registered ('x').
if (decision == PASS or not entering and action == REGISTER) and t >= (last or 0) then
  put('l', (entering or decision == PASS) and passing or 'x' .. sub(passing, 2))
  if last_way ~= 'i' or not entering or last_site ~= site then
    if last_way == 'i' then call('HINCRBY', inside_key, last_site, '-1') end
    if entering then call('HINCRBY', inside_key, site, '1') end
  end
end
if household_outings and decision == PASS then
  call('ZADD', household_outings, at, hash)
  call('ZREMRANGEBYSCORE', household_outings, '-inf', t - 30 * 86400000)
end
if new_case then
  call('HSET', fevers .. ':' .. new_id, 'p', sub(head, 1, 8), 'o', at, 'l', sub(passing, 2, 15), 'e', hash, 'c', temp,
    'e1', sub(reading, 13, 20), 't1', sub(reading, 3, 8), 'c1', byte(reading, 2), 'z', 'open')
  call('ZADD', fevers, at, new_id)
  put('f', new_id)
end
if new_reading == '' then call('HDEL', person, 'm')
elseif new_reading then put('m', new_reading .. string.char(temp) .. sub(passing, 2, 11) .. hash) end
if #set > 0 then call('HSET', person, unpack(set)) end
if new_case or permit_at and decision == PASS then changed(person) end
return 'n' .. home .. '\0' .. kind .. '\0' .. name .. '\0' .. member
