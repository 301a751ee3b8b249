-- verdict.lua: the rules of a gate, one function each, in the order in which
-- scan.lua calls them and precedence.go publishes them. A rule looks at the
-- verdict that the ones before it reached and may replace it.
--
-- v  the verdict: decision, reason, action, flags; and what recording it has to
--    write: wait (first reading, '' to forget it), permit, outing, case
-- s  the scan: t (ms), way, own (home), site and gate (4 bytes), temp (code),
--    first (hash of the first reading's scan or ''), jti, hash, ...
-- r  the site's rules at that time, numbers
-- p  the person's state: status, generation, last passage, wait, case
local PASS, DENY, REMEASURE, INCOMPLETE = 0, 1, 2, 3
local ADMIT, MEASURE, REGISTER, HOLD, SEND_BACK, DISINFECT = 0, 1, 2, 3, 5, 6
local NOT_YET_VALID, REVOKED, OUTSIDER, PERMIT_EXPIRED, PERMIT_USED = 6, 7, 11, 12, 13
local SITE_CLOSED, SITE_FULL, OUTSIDE_HOURS, QUOTA = 14, 15, 16, 17
local TEMPERATURE_REQUIRED, TEMPERATURE_LOW, MEASURE_AGAIN, FEVER = 18, 19, 20, 21
local ALREADY_INSIDE, NOT_INSIDE, REPLAYED_PASS, DISINFECTION = 22, 23, 24, 26
local F_CONFLICT, F_INSIDE, F_NOT_INSIDE, F_REPLAYED, F_REMEASURED, F_LOW, F_HIGH = 2, 4, 8, 16, 32, 64, 128
local F_HOURS, F_OVERRIDE, F_CASE, F_OVERSTAYED, F_OTHER_VEHICLE = 8192, 16384, 32768, 65536, 131072

local function answer(v, decision, reason, action)
  v.decision, v.reason, v.action = decision, reason, action
end

-- The pass, then the table: status × site kind × direction × own home.
local function standing(v, s, p, known, generation, cells)
  if known ~= 0 then return answer(v, DENY, known, REGISTER) end
  if generation ~= '' and tonumber(generation) ~= tonumber(p.generation) then return answer(v, DENY, REVOKED, REGISTER) end
  local at = (tonumber(p.status) * 2 + (s.own and 1 or 0)) * 4
  local head, reason, f1, f2 = string.byte(cells, at + 1, at + 4)
  answer(v, math.floor(head / 8) % 4, reason, head % 8)
  v.flags = v.flags + f1 * 256 + f2
end

-- A permit opens what the table keeps shut to strangers. Records of 27 bytes,
-- oldest first: number 4, type 1 ('v' visit, 'x' exempt from the outings limit),
-- site 4, from 6, until 6, entries allowed 1 (0 = many), used 1, plate hash 4.
local RECORD = 27
local function permit(v, s, p)
  local list = redis.call('HGET', KEYS[1], 'v') or ''
  local why
  for i = #list - RECORD + 1, 1, -RECORD do
    if string.sub(list, i + 4, i + 8) == 'v' .. s.site then
      local from, till = unsigned(list, i + 9, 6), unsigned(list, i + 15, 6)
      local allowed, used = string.byte(list, i + 21, i + 22)
      if s.way == 'o' then
        if s.t < till then return end
        if p.last_way == 'i' and p.last_site == s.site and p.last < till then v.flags = v.flags + F_OVERSTAYED end
        return
      end
      if s.t >= from and s.t < till and (allowed == 0 or used < allowed) then
        answer(v, PASS, 0, ADMIT)
        v.permit, v.permits = i, list
        local plate = string.sub(list, i + 23, i + 26)
        if s.plate ~= '' and plate ~= '\0\0\0\0' and plate ~= s.plate then v.flags = v.flags + F_OTHER_VEHICLE end
        return
      end
      why = why or (s.t < from and NOT_YET_VALID or s.t >= till and PERMIT_EXPIRED or PERMIT_USED)
    end
  end
  if why then answer(v, DENY, why, REGISTER) end
end

-- Whoever has an open fever case goes home or to the hospital.
local function fever_case(v, s, p)
  if not p.case then return end
  v.flags = v.flags + F_CASE
  if v.decision == PASS and s.way == 'i' and not s.own then answer(v, DENY, FEVER, HOLD) end
end

-- The site: closed, out of hours, full. Nobody is locked out of their home, and
-- who is inside already takes no further place.
local function opening(v, s, r, p)
  if r.closed == 0 and r.late_hour == 0 and r.full == 0 then return end
  if s.own then
    if r.closed + r.late_hour > 0 then v.flags = v.flags + F_HOURS end
  elseif r.closed == 1 then answer(v, DENY, SITE_CLOSED, SEND_BACK)
  elseif r.late_hour == 1 then answer(v, DENY, OUTSIDE_HOURS, SEND_BACK)
  elseif not (p.last_way == 'i' and p.last_site == s.site) then answer(v, DENY, SITE_FULL, SEND_BACK) end
end

-- The household's outings: a sorted set of the exits that counted.
local function outings(v, s, r, p, base, since)
  local list = redis.call('HGET', KEYS[1], 'v') or ''
  for i = 1, #list, RECORD do
    if string.sub(list, i + 4, i + 8) == 'x' .. s.site and s.t >= unsigned(list, i + 9, 6) and s.t < unsigned(list, i + 15, 6) then return end
  end
  local key = base .. (redis.call('HGET', KEYS[1], 'u') or '')
  if redis.call('ZCOUNT', key, since, s.t) >= r.outings then answer(v, DENY, QUOTA, SEND_BACK)
  else v.outing = key end
end

-- The temperature. A first high or low reading asks for a second one within
-- the window, at the same site. High readings count for people refused, too.
-- A waiting reading is 20 bytes: 'h' or 'l', code 1, time 6, site 4, hash 8.
local function temperature(v, s, r, p)
  local m, waiting, newest = p.wait, '', true
  if m then
    local at = unsigned(m, 3, 6)
    newest = s.t >= at -- a late upload does not replace a newer first reading
    if string.sub(m, 9, 12) == s.site and newest and s.t <= at + r.window * 60000
      and (s.first == '' or s.first == string.sub(m, 13, 20)) then waiting = string.sub(m, 1, 1) end
  end
  local reading = string.char(s.temp) .. string.sub(s.place, 1, 10) .. s.hash
  if s.temp == 0 then
    if r.need == 1 and v.decision == PASS then answer(v, INCOMPLETE, TEMPERATURE_REQUIRED, MEASURE) end
  elseif s.temp >= r.fever then
    v.flags = v.flags + F_HIGH
    if waiting == 'h' then
      v.action, v.wait, v.case = HOLD, '', not p.case
      if v.decision == PASS then answer(v, DENY, FEVER, HOLD) end
    else
      if newest then v.wait = 'h' .. reading end
      v.action = MEASURE
      if v.decision == PASS then answer(v, REMEASURE, MEASURE_AGAIN, MEASURE) end
    end
  elseif s.temp < r.low then
    if waiting == 'l' then v.flags, v.wait = v.flags + F_LOW, ''
    elseif v.decision == PASS then
      if waiting == '' and newest then v.wait = 'l' .. reading end
      answer(v, REMEASURE, TEMPERATURE_LOW, MEASURE)
    end
  else
    if waiting == 'h' then v.flags = v.flags + F_REMEASURED end
    if waiting ~= '' then v.wait = '' end
  end
end

-- Where the person was last, as far as this scan is not older than that. Whoever
-- left although refused and shows a good pass a moment later has not left twice.
local function whereabouts(v, s, r, p)
  if not p.last_way or s.t < p.last then return end
  local inside = p.last_way == 'i' and p.last_site == s.site
  local again = p.last_way == 'x' and p.last_gate == s.gate and s.t <= p.last + r.window * 60000
  if s.way == 'i' and inside and r.antipassback > 0 then
    if r.antipassback == 2 and not s.own then return answer(v, DENY, ALREADY_INSIDE, SEND_BACK) end
    v.flags = v.flags + F_INSIDE
  elseif s.way == 'o' and not inside and not again and r.antipassback > 0 then
    if r.antipassback == 2 then return answer(v, DENY, NOT_INSIDE, REGISTER) end
    v.flags = v.flags + F_NOT_INSIDE
  end
  if s.way == 'i' and r.replay > 0 and s.jti ~= '' and s.jti == p.last_jti and p.last_way == 'i' and p.last_gate ~= s.gate then
    if r.replay == 2 and not s.own then return answer(v, DENY, REPLAYED_PASS, REGISTER) end
    v.flags = v.flags + F_REPLAYED
  end
end
