-- scan.lua: finds the stored answer to a scan or decides and records it, whole,
-- in the person's partition. Safe to run twice: the second run finds the first.
-- One script in three files that share locals, run in this order: scan.lua reads
-- the person and looks for the same scan, verdict.lua applies the rules, record.lua
-- writes.
--
-- KEYS 1 person (hash)  2 log (stream)  3 partition (hash)
--      4 trail (base of chunks, table in the person's field c)
--      5 how many are inside (hash: site -> people of this partition)
--      and, where ARGV has more than 7:
--      6 outings (base: a sorted set for each household)
--      7 open fever cases (sorted set; a hash for each case at KEYS[7]:case)
--      8 identity (string, written for a new walk-in only)
-- ARGV 1 occurred_at, ms           2 scan hash 8 + digest 4   3 body, opaque
--      4 head of the log entry: person 8 + occurred_at 6
--      5 what the passage would be remembered as: 'i' | 'o', occurred_at 6,
--        site 4, gate 4, jti of an app pass on the way in
--      6 site, decimal              7 numbers: a byte each, as they are read below,
--        then cells: 4-byte outcome at (status * 2 + own home)
--      and for the scans that need one of them:
--      8 told outcome, 4 bytes, '' = decide     9 hash of the first reading's scan, ''
--      10 hash of the plate 4, ''   11 start of the days whose outings count, ms
--      12 ID of a fever case to open
--      13 masked name of a walk-in to create, ''   14 its identity
-- Every word costs Redis about a third of a µs: what most scans need not is not sent.
-- Returns a string: 'n' (new) or 'a' (again), then home, kind and masked name, each
-- ended by a zero byte, and the member; or one of
-- {'stale'} {'unknown'} {'other'} {'time'} {'crowded'}
-- {'matched', resident or '', residents that the walk-in was known as before}
local call, sub, byte = redis.call, string.sub, string.byte
local person, log, part, trail, inside_key, outings_key, fevers, identity_key = unpack(KEYS)
local at, id, body, head, passing, here, numbers, told, first, plate, outings_since, new_id, new_name, identity = unpack(ARGV)
local need, antipassback, replay, closed, late_hour, full, permits, disinfect, outings, fever, low, window, low_again, cut_off,
  temp, void, f1, f2, f3, recordable, emergency, apart, v1, v2, v3, v4, with_pass, g1, g2, g3, g4 = byte(numbers, 1, 31)
local CELLS = 32 -- where they begin
if not told then told, first, plate, new_name = '', '', '', '' end
local t, hash, site, entering = tonumber(at), sub(id, 1, 8), sub(passing, 8, 11), byte(passing) == 105

local p = call('HMGET', person, 's', 'h', 'g', 'k', 'n', 'c', 'l', 'm', 'f')
local status, home, generation, kind, name, chunks = p[1], p[2] or '', p[3], p[4] or '', p[5] or '', p[6] or ''
local passage, reading, case = p[7], p[8], p[9]
if not status and new_name == '' then return {'unknown'} end

-- The same scan again? Its answer stands, whatever has changed since.
local same = call('ZRANGEBYSCORE', chunk_key(trail, chunk_of(chunks, t)), at, at)
for _, m in ipairs(same) do
  if sub(m, 1, 8) == hash then
    if sub(m, 1, 12) ~= id then return {'other'} end
    return 'a' .. home .. '\0' .. kind .. '\0' .. name .. '\0' .. m
  end
end
if kind == 'w' then -- written down by a guard; is, or was for a time, known as a resident?
  local known = call('HMGET', person, 'r', 'q')
  if known[1] or known[2] and apart ~= 1 then return {'matched', known[1] or '', known[2] or ''} end
end
if recordable ~= 1 then return {'time'} end
if #same >= 100 then return {'crowded'} end
if ((v1 * 256 + v2) * 256 + v3) * 256 + v4 < tonumber(call('HGET', part, 'v') or 0) then return {'stale'} end

local set = {} -- fields of the person to write, with their values
-- A walk-in, seen for the first time or for the first time since their words were
-- forgotten: an outsider until matched.
if not status or kind == 'w' and name == '' and new_name ~= '' then
  status, kind, name = '7', 'w', new_name
  set = {'s', status, 'k', kind, 'n', name, 'g', '0', 'd', at}
  call('SET', identity_key, identity)
end
local last, last_way, last_site -- the last passage, in the form of `passing`; way 'x': left although refused
if passage then last_way, last, last_site = sub(passage, 1, 1), time_at(passage, 2), sub(passage, 8, 11) end
