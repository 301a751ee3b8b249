-- scan.lua: finds the stored answer to a scan or decides and records it, whole,
-- in the person's partition. Safe to run twice: the second run finds the first.
-- The rules are those of verdict.lua.
--
-- KEYS 1 person (hash)  2 log (stream)  3 partition (hash)
--      4 trail (base of chunks, table in the person's field c)
--      5 identity (string, written for a new walk-in only)
--      6 outings (base: a sorted set for each household)
--      7 open fever cases (sorted set; a hash for each case at KEYS[7]:case)
--      8 how many are inside (hash: site -> people of this partition)
-- ARGV 1 rules version          2 occurred_at, ms
--      3 scan hash 8 + digest 4  4 body, opaque
--      5 head of the log entry: person 8 + occurred_at 6
--      6 cells: 4-byte outcome at (status * 2 + own home)
--      7 rule bytes, in the order in which `r` reads them below
--      8 'i' | 'o'   9 site, decimal   10 occurred_at 6 + site 4 + gate 4
--      11 temperature code, 0 = none
--      12 reason already known without state (expired, not yet valid), 0 = none
--      13 generation of the pass, '' = no pass
--      14 jti of an app pass, '' = none   15 hash of the first reading's scan, ''
--      16 told outcome, 4 bytes, '' = decide   17 flags known already
--      18 '1' if occurred_at may still be recorded
--      19 masked name of a walk-in to create, '' = none   20 its identity
--      21 '1' if an emergency overrides the rules   22 hash of the plate 4, ''
--      23 start of the days whose outings count, ms   24 ID of a fever case to open
-- Returns {'new' | 'again', member, masked name, kind, home} or one of
-- {'stale'} {'unknown'} {'other'} {'time'} {'crowded'} {'matched', person}
local person, log, trail = KEYS[1], KEYS[2], KEYS[4]
local at, id, place = ARGV[2], ARGV[3], ARGV[10]

local f = redis.call('HMGET', person, 's', 'h', 'g', 'k', 'n', 'c', 'l', 'm', 'f')
local p = {status = f[1], generation = f[3], wait = f[8] or nil, case = f[9]}
local home, kind, name, chunks = f[2], f[4], f[5], f[6] or ''
if not p.status and ARGV[19] == '' then return {'unknown'} end

-- The same scan again? Its answer stands, whatever has changed since.
local t = tonumber(at)
local same = redis.call('ZRANGEBYSCORE', trail .. ':' .. chunk_of(chunks, t), at, at)
for _, m in ipairs(same) do
  if string.sub(m, 1, 8) == string.sub(id, 1, 8) then
    if string.sub(m, 1, 12) ~= id then return {'other'} end
    return {'again', m, name, kind, home or ''}
  end
end
if kind == 'w' then -- written down by a guard, by now known to be a resident?
  local known_as = redis.call('HGET', person, 'r')
  if known_as then return {'matched', known_as} end
end
if ARGV[18] ~= '1' then return {'time'} end
if #same >= 100 then return {'crowded'} end
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[3], 'v') or 0) then return {'stale'} end

local set = {}
local function put(field, value) set[#set + 1] = field; set[#set + 1] = value end
if not p.status then -- a walk-in, seen for the first time: an outsider until matched
  p.status, kind, name = '7', 'w', ARGV[19]
  put('s', p.status); put('k', kind); put('n', name); put('g', '0'); put('d', at)
  redis.call('SET', KEYS[5], ARGV[20])
end
if f[7] then -- the last passage: way 1, time 6, site 4, gate 4, jti of an app pass
  p.last_way, p.last, p.last_site = string.sub(f[7], 1, 1), unsigned(f[7], 2, 6), string.sub(f[7], 8, 11)
  p.last_gate, p.last_jti = string.sub(f[7], 12, 15), string.sub(f[7], 16)
end

local r, s, v = {}, {}, {flags = tonumber(ARGV[17])}
r.need, r.antipassback, r.replay, r.closed, r.late_hour, r.full, r.permits, r.disinfect, r.outings, r.fever, r.low, r.window =
  string.byte(ARGV[7], 1, 12)
s.t, s.way, s.own, s.temp, s.first, s.jti = t, ARGV[8], home == ARGV[9], tonumber(ARGV[11]), ARGV[15], ARGV[14]
s.place, s.site, s.gate, s.hash, s.plate = place, string.sub(place, 7, 10), string.sub(place, 11, 14), string.sub(id, 1, 8), ARGV[22]
local entering = s.way == 'i'

standing(v, s, p, tonumber(ARGV[12]), ARGV[13], ARGV[6])
if r.permits == 1 and not s.own and (v.reason == OUTSIDER or not entering) then permit(v, s, p) end
fever_case(v, s, p)
if v.decision == PASS and entering then opening(v, s, r, p) end
if v.decision == PASS and not entering and s.own and r.outings > 0 then outings(v, s, r, p, KEYS[6], ARGV[23]) end
if v.decision == PASS and r.disinfect == 1 then answer(v, INCOMPLETE, DISINFECTION, DISINFECT) end
temperature(v, s, r, p)
if v.decision == PASS then whereabouts(v, s, r, p) end
if ARGV[21] == '1' then -- an emergency passes; the reason says what it passed over
  v.flags = v.flags + F_OVERRIDE
  if v.decision ~= PASS then v.decision, v.action = PASS, ADMIT end
end
if ARGV[16] ~= '' then -- what the device told on its own stands; a difference is marked
  local head, why = string.byte(ARGV[16], 1, 2)
  local decision = math.floor(head / 8) % 4
  if decision ~= v.decision or why ~= v.reason and ARGV[21] ~= '1' then v.flags = v.flags + F_CONFLICT end
  answer(v, decision, why, head % 8)
end

-- Record: trail, log and state together.
local went = v.decision == PASS or (not entering and v.action == REGISTER)
local member = id .. string.char(math.floor(v.flags / 65536) * 32 + v.decision * 8 + v.action, v.reason,
  math.floor(v.flags / 256) % 256, v.flags % 256) .. ARGV[4]
if v.permit and v.decision == PASS then
  member = member .. 'N\4' .. string.sub(v.permits, v.permit, v.permit + 3)
  local allowed, used = string.byte(v.permits, v.permit + 21, v.permit + 22)
  if allowed > 0 then put('v', string.sub(v.permits, 1, v.permit + 21) .. string.char(used + 1) .. string.sub(v.permits, v.permit + 23)) end
end
local _, table_now = chunk_add(chunks, trail, t, at, member)
if table_now ~= chunks then put('c', table_now) end
redis.call('XADD', log, '*', 'e', ARGV[5] .. member)
if went and t >= (p.last or 0) then
  local way = entering and 'i' or v.decision == PASS and 'o' or 'x' -- x: left although refused
  put('l', way .. place .. (entering and s.jti or ''))
  if p.last_way == 'i' then redis.call('HINCRBY', KEYS[8], p.last_site, -1) end
  if entering then redis.call('HINCRBY', KEYS[8], s.site, 1) end
end
if v.outing and v.decision == PASS then
  redis.call('ZADD', v.outing, at, s.hash)
  redis.call('ZREMRANGEBYSCORE', v.outing, '-inf', t - 30 * 86400000)
end
if v.case then
  local case = KEYS[7] .. ':' .. ARGV[24]
  redis.call('HSET', case, 'p', string.sub(ARGV[5], 1, 8), 'o', at, 'l', place, 'e', s.hash, 'c', s.temp,
    'e1', string.sub(p.wait, 13, 20), 't1', string.sub(p.wait, 3, 8), 'c1', string.byte(p.wait, 2), 'z', 'open')
  redis.call('ZADD', KEYS[7], at, ARGV[24])
  put('f', ARGV[24])
end
if v.wait == '' then redis.call('HDEL', person, 'm') elseif v.wait then put('m', v.wait) end
if #set > 0 then redis.call('HSET', person, unpack(set)) end
return {'new', member, name, kind, home or ''}
