-- scan.lua: finds the stored answer to a scan or decides and records it, whole,
-- in the person's partition. Safe to run twice: the second run finds the first.
--
-- KEYS 1 person (hash)  2 log (stream)  3 partition (hash)
--      4 trail (base of chunks, table in the person's field c)
--      5 identity (string, written for a new walk-in only)
-- ARGV 1 rules version          2 occurred_at, ms
--      3 scan hash 8 + digest 4 4 body, opaque
--      5 head of the log entry: person 8 + occurred_at 6
--      6 cells: 4-byte outcome at (status * 2 + own home)
--      7 rule bytes: need temperature, anti-passback, replayed pass (0 off, 1
--        warn, 2 deny), closed, outside hours, fever line, low line (codes),
--        remeasure window (minutes)
--      8 'i' | 'o'   9 site   10 gate   11 temperature code, 0 = none
--      12 reason already known without state (expired, not yet valid), 0 = none
--      13 generation of the pass, '' = no pass
--      14 jti of an app pass, '' = none   15 hash of the first reading's scan, ''
--      16 told outcome, 4 bytes, '' = decide   17 flags known already
--      18 '1' if occurred_at may still be recorded
--      19 masked name of a walk-in to create, '' = none   20 its identity
-- Returns {'new' | 'again', member, masked name, kind, home} or one of
-- {'stale'} {'unknown'} {'other'} {'time'} {'crowded'}
local person, log, part, trail = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local at, id, cells, way, site, gate = ARGV[2], ARGV[3], ARGV[6], ARGV[8], ARGV[9], ARGV[10]
local jti, told, flags = ARGV[14], ARGV[16], tonumber(ARGV[17])
local need, antipassback, replay, closed, late_hour, fever, low, window = string.byte(ARGV[7], 1, 8)
local t, temp, known = tonumber(at), tonumber(ARGV[11]), tonumber(ARGV[12])

local PASS, DENY, REMEASURE, INCOMPLETE = 0, 1, 2, 3
local MEASURE, REGISTER, HOLD, SEND_BACK = 1, 2, 3, 5
local REVOKED, CLOSED, HOURS, REQUIRED, LOW, AGAIN, FEVER = 7, 14, 16, 18, 19, 20, 21
local ALREADY_INSIDE, NOT_INSIDE, REPLAYED = 22, 23, 24
local F_CONFLICT, F_INSIDE, F_NOT_INSIDE, F_REPLAYED, F_REMEASURED = 2, 4, 8, 16, 32
local F_LOW, F_HIGH, F_HOURS = 64, 128, 8192

local p = redis.call('HMGET', person, 's', 'h', 'g', 'k', 'n', 'c', 'lt', 'ld', 'ls', 'lg', 'lj', 'mt', 'ms', 'mh', 'mk')
local status, home, generation, kind, name, chunks = p[1], p[2], p[3], p[4], p[5], p[6] or ''
local last, last_way, last_site, last_gate, last_jti = tonumber(p[7] or 0), p[8], p[9], p[10], p[11]
if not status and ARGV[19] == '' then return {'unknown'} end

-- The same scan again? Its answer stands, whatever has changed since.
local n = chunk_of(chunks, t)
local same = redis.call('ZRANGEBYSCORE', trail .. ':' .. n, at, at)
for _, m in ipairs(same) do
  if string.sub(m, 1, 8) == string.sub(id, 1, 8) then
    if string.sub(m, 1, 12) ~= id then return {'other'} end
    return {'again', m, name, kind, home or ''}
  end
end
if ARGV[18] ~= '1' then return {'time'} end
if #same >= 100 then return {'crowded'} end
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', part, 'v') or 0) then return {'stale'} end

local set = {}
local function put(field, value) set[#set + 1] = field; set[#set + 1] = value end
if not status then -- a walk-in, seen for the first time: an outsider until matched
  status, kind, name = '7', 'w', ARGV[19]
  put('s', status); put('k', kind); put('n', name); put('g', '0'); put('d', at)
  redis.call('SET', KEYS[5], ARGV[20])
end

-- 1. The pass, then the table: status × site kind × direction × own home.
local own = home == site
local decision, reason, action
if known ~= 0 then
  decision, reason, action = DENY, known, REGISTER
elseif ARGV[13] ~= '' and tonumber(ARGV[13]) ~= tonumber(generation) then
  decision, reason, action = DENY, REVOKED, REGISTER
else
  local i = (tonumber(status) * 2 + (own and 1 or 0)) * 4
  local head, why, f1, f2 = string.byte(cells, i + 1, i + 4)
  decision, reason, action = math.floor(head / 8), why, head % 8
  flags = flags + f1 * 256 + f2
end

-- 2. The site: closed or out of hours. Nobody is locked out of their home.
if way == 'i' and decision == PASS and (closed == 1 or late_hour == 1) then
  if own then flags = flags + F_HOURS
  else decision, reason, action = DENY, closed == 1 and CLOSED or HOURS, SEND_BACK end
end

-- 3. The temperature. A first high or low reading asks for a second one within
-- the window, at the same site. High readings count for people refused, too.
local wait = p[12] and p[13] == site and t >= tonumber(p[12]) and t <= tonumber(p[12]) + window * 60000
  and (ARGV[15] == '' or ARGV[15] == p[14])
local waiting = wait and p[15] or '' -- 'h' or 'l': what the first reading was
local settle = false                 -- the first reading has had its second
local newest = t >= tonumber(p[12] or 0) -- a late upload does not replace a newer first reading
if temp == 0 then
  if need == 1 and decision == PASS then decision, reason, action = INCOMPLETE, REQUIRED, MEASURE end
elseif temp >= fever then
  flags = flags + F_HIGH
  if waiting == 'h' then
    action, settle = HOLD, true
    if decision == PASS then decision, reason = DENY, FEVER end
  else
    if newest then put('mt', at); put('ms', site); put('mh', string.sub(id, 1, 8)); put('mk', 'h') end
    action = MEASURE
    if decision == PASS then decision, reason = REMEASURE, AGAIN end
  end
elseif temp < low then
  if waiting == 'l' then
    flags, settle = flags + F_LOW, true
  elseif decision == PASS then
    if waiting == '' and newest then put('mt', at); put('ms', site); put('mh', string.sub(id, 1, 8)); put('mk', 'l') end
    decision, reason, action = REMEASURE, LOW, MEASURE
  end
else
  if waiting == 'h' then flags = flags + F_REMEASURED end
  settle = waiting ~= ''
end

-- 4. Where the person was last, as far as this scan is not older than that.
local current = last_way and t >= last
if decision == PASS and current then
  local inside = last_way == 'i' and last_site == site
  if way == 'i' and inside and antipassback > 0 then
    if antipassback == 2 and not own then decision, reason, action = DENY, ALREADY_INSIDE, SEND_BACK
    else flags = flags + F_INSIDE end
  elseif way == 'o' and not inside and antipassback > 0 then
    if antipassback == 2 then decision, reason, action = DENY, NOT_INSIDE, REGISTER
    else flags = flags + F_NOT_INSIDE end
  end
  if decision == PASS and way == 'i' and replay > 0 and jti ~= '' and jti == last_jti
    and last_way == 'i' and last_gate ~= gate then
    if replay == 2 and not own then decision, reason, action = DENY, REPLAYED, REGISTER
    else flags = flags + F_REPLAYED end
  end
end

-- 5. What the device told on its own stands; a difference is marked.
if told ~= '' then
  local head, why = string.byte(told, 1, 2)
  if math.floor(head / 8) ~= decision or why ~= reason then flags = flags + F_CONFLICT end
  decision, reason, action = math.floor(head / 8), why, head % 8
end

-- 6. Record: trail, log and state together.
local outcome = string.char(decision * 8 + action, reason, math.floor(flags / 256), flags % 256)
local member = id .. outcome .. ARGV[4]
local _, table_now = chunk_add(chunks, trail, t, at, member)
if table_now ~= chunks then put('c', table_now) end
redis.call('XADD', log, '*', 'e', ARGV[5] .. member)
if (decision == PASS or (way == 'o' and action == REGISTER)) and t >= last then
  put('lt', at); put('ld', way); put('ls', site); put('lg', gate)
  if way == 'i' then put('lj', jti) end
end
if settle then redis.call('HDEL', person, 'mt', 'ms', 'mh', 'mk') end
if #set > 0 then redis.call('HSET', person, unpack(set)) end
return {'new', member, name, kind, home or ''}
