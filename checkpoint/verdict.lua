-- verdict.lua: the rules of a gate, in the order in which they are applied and
-- precedence.go publishes them. Each looks at the verdict that the ones before it
-- reached and may replace it. Second part of scan.lua; see there for the input.
local PASS, DENY, REMEASURE, INCOMPLETE = 0, 1, 2, 3
local ADMIT, MEASURE, REGISTER, HOLD, ESCORT, SEND_BACK, DISINFECT = 0, 1, 2, 3, 4, 5, 6
local NOT_YET_VALID, REVOKED, STATUS_RED, QUARANTINE = 6, 7, 9, 10
local OUTSIDER, PERMIT_EXPIRED, PERMIT_USED = 11, 12, 13
local SITE_CLOSED, SITE_FULL, OUTSIDE_HOURS, QUOTA = 14, 15, 16, 17
local TEMPERATURE_REQUIRED, TEMPERATURE_LOW, MEASURE_AGAIN, FEVER = 18, 19, 20, 21
local ALREADY_INSIDE, NOT_INSIDE, REPLAYED_PASS, DISINFECTION, CUT_OFF = 22, 23, 24, 26, 28
local F_CONFLICT, F_INSIDE, F_NOT_INSIDE, F_REPLAYED, F_REMEASURED, F_LOW, F_HIGH = 2, 4, 8, 16, 32, 64, 128
local F_HOURS, F_OVERRIDE, F_CASE, F_OVERSTAYED, F_OTHER_VEHICLE = 8192, 16384, 32768, 65536, 131072

local own, flags = home == here, (f1 * 256 + f2) * 256 + f3
local inside = last_way == 'i' and last_site == site
local decision, reason, action
-- What recording has to write besides: the permit used, the outing that counts,
-- the first reading to remember ('' to forget it), a fever case to open.
local permit_list, permit_at, household_outings, new_reading, new_case

-- The table: status × site kind × direction × own home; and the pass. One that is
-- out of date or revoked is the answer, save where the table refuses somebody who
-- has to stay at home: an old pass must not hide that.
local cell = CELLS + (tonumber(status) * 2 + (own and 1 or 0)) * 4
if void == 0 and with_pass == 1 and ((g1 * 256 + g2) * 256 + g3) * 256 + g4 ~= tonumber(generation) then void = REVOKED end
local packed, why, cell_f1, cell_f2 = byte(numbers, cell, cell + 3)
local confined = why == STATUS_RED or why == QUARANTINE
decision, reason, action = math.floor(packed / 8) % 4, why, packed % 8
if void == 0 or confined then flags = flags + cell_f1 * 256 + cell_f2 end
if void ~= 0 and not (confined and decision == DENY) then decision, reason, action = DENY, void, REGISTER end

-- A permit opens what the table keeps shut to strangers. Records of RECORD bytes,
-- oldest first: number 4, type 1 ('v' visit, 'x' exempt from the outings limit),
-- site 4, from 6, until 6, entries allowed 1 (0 = many), used 1, plate hash 4.
local RECORD = 27
if permits == 1 and not own and (entering and reason == OUTSIDER or not entering and inside) then
  local list, why, over = call('HGET', person, 'v') or '', nil, false
  for i = #list - RECORD + 1, 1, -RECORD do
    if sub(list, i + 4, i + 8) == 'v' .. site then
      local from, till = time_at(list, i + 9), time_at(list, i + 15)
      local allowed, used = byte(list, i + 21, i + 22)
      if not entering then
        over = over or t >= till and last < till
        if t >= from and t < till then over = false break end
      elseif t >= from and t < till and (allowed == 0 or used < allowed) then
        decision, reason, action, why = PASS, 0, ADMIT, nil
        permit_list, permit_at = list, i
        local meant = sub(list, i + 23, i + 26)
        if plate ~= '' and meant ~= '\0\0\0\0' and meant ~= plate then flags = flags + F_OTHER_VEHICLE end
        break
      else why = why or (t < from and NOT_YET_VALID or t >= till and PERMIT_EXPIRED or PERMIT_USED) end
    end
  end
  if why then decision, reason, action = DENY, why, REGISTER end
  if over then flags = flags + F_OVERSTAYED end
end

-- Whoever has an open fever case is seen home, and stays there until fetched.
if case then
  flags = flags + F_CASE
  if decision == PASS and own == entering then action = ESCORT
  elseif decision == PASS then decision, reason, action = DENY, FEVER, HOLD end
end

-- The gateway is cut off and knows too little; the site is closed, out of hours or
-- full. Nobody is locked out of their home, and who is inside takes no further place.
if decision == PASS and entering then
  if own then
    if closed == 1 or late_hour == 1 then flags = flags + F_HOURS end
  elseif cut_off == 1 then decision, reason, action = DENY, CUT_OFF, SEND_BACK
  elseif closed == 1 then decision, reason, action = DENY, SITE_CLOSED, SEND_BACK
  elseif late_hour == 1 then decision, reason, action = DENY, OUTSIDE_HOURS, SEND_BACK
  elseif full == 1 and not inside then decision, reason, action = DENY, SITE_FULL, SEND_BACK end
end

-- The household's outings: a sorted set of the exits that counted.
if outings > 0 and decision == PASS and own and not entering then
  local f = call('HMGET', person, 'u', 'v')
  local list, exempt = f[2] or '', false
  for i = 1, #list, RECORD do
    exempt = exempt or sub(list, i + 4, i + 8) == 'x' .. site and t >= time_at(list, i + 9) and t < time_at(list, i + 15)
  end
  if not exempt then
    household_outings = outings_key .. (f[1] or '')
    if call('ZCOUNT', household_outings, outings_since, at) >= outings then decision, reason, action = DENY, QUOTA, SEND_BACK end
  end
end

-- The vehicle.
if disinfect == 1 and decision == PASS then decision, reason, action = INCOMPLETE, DISINFECTION, DISINFECT end

-- The temperature. A first high or low reading asks for a second one within
-- the window, at the same site. High readings count for people refused, too.
-- A waiting reading is 20 bytes: 'h' or 'l', code 1, time 6, site 4, hash 8.
local waiting, newest = '', true
if reading then
  local since = time_at(reading, 3)
  newest = t >= since -- a late upload does not replace a newer first reading
  if newest and t <= since + window * 60000 and sub(reading, 9, 12) == site
    and (first == '' or first == sub(reading, 13, 20)) then waiting = sub(reading, 1, 1) end
end
if temp == 0 then
  if need == 1 and decision == PASS then decision, reason, action = INCOMPLETE, TEMPERATURE_REQUIRED, MEASURE end
elseif temp >= fever then
  flags = flags + F_HIGH
  if waiting == 'h' then
    action, new_reading, new_case = HOLD, '', not case
    if decision == PASS then decision, reason = DENY, FEVER end
  else
    if newest then new_reading = 'h' end
    action = MEASURE
    if decision == PASS then decision, reason = REMEASURE, MEASURE_AGAIN end
  end
elseif temp < low then
  if waiting == 'l' then
    new_reading = ''
    if low_again > 0 then flags = flags + F_LOW end
    if low_again == 2 and decision == PASS and not own then decision, reason, action = DENY, TEMPERATURE_LOW, REGISTER end
  elseif decision == PASS then
    if waiting == '' and newest then new_reading = 'l' end
    decision, reason, action = REMEASURE, TEMPERATURE_LOW, MEASURE
  end
elseif waiting ~= '' then
  new_reading = ''
  if waiting == 'h' then flags = flags + F_REMEASURED end
end

-- Where the person was last, as far as this scan is not older than that. Whoever
-- left although refused and shows a good pass a moment later has not left twice.
if decision == PASS and last and t >= last then
  local again = last_way == 'x' and sub(passage, 12, 15) == sub(passing, 12, 15) and t <= last + window * 60000
  if antipassback > 0 and entering and inside then
    if antipassback == 2 and not own then decision, reason, action = DENY, ALREADY_INSIDE, SEND_BACK
    else flags = flags + F_INSIDE end
  elseif antipassback > 0 and not entering and not inside and not again then
    if antipassback == 2 then decision, reason, action = DENY, NOT_INSIDE, REGISTER
    else flags = flags + F_NOT_INSIDE end
  end
  if replay > 0 and decision == PASS and entering and last_way == 'i' and #passing > 15
    and sub(passing, 16) == sub(passage, 16) and sub(passing, 12, 15) ~= sub(passage, 12, 15) then
    if replay == 2 and not own then decision, reason, action = DENY, REPLAYED_PASS, REGISTER
    else flags = flags + F_REPLAYED end
  end
end
