-- scan.lua: finds the stored answer to a scan or decides and records it, whole,
-- in the person's partition. Safe to run twice: the second run finds the first.
-- One script in three files, run in this order: scan.lua reads the person and
-- looks for the same scan, verdict.lua applies the rules, record.lua writes. They
-- share locals and have no functions: making those costs more than the rules do.
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
--      7 rule bytes, in the order in which they are read below
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
--      25 '1' if it is in the trail of no resident that a walk-in was known as
-- Returns {'new' | 'again', member, masked name, kind, home} or one of
-- {'stale'} {'unknown'} {'other'} {'time'} {'crowded'}
-- {'matched', resident or '', residents that the walk-in was known as before}
local person, log, part, trail = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local at, id, place, way, told = ARGV[2], ARGV[3], ARGV[10], ARGV[8], ARGV[16]
local t, temp, emergency = tonumber(at), tonumber(ARGV[11]), ARGV[21] == '1'
local hash, site, gate = string.sub(id, 1, 8), string.sub(place, 7, 10), string.sub(place, 11, 14)

local p = redis.call('HMGET', person, 's', 'h', 'g', 'k', 'n', 'c', 'l', 'm', 'f')
local status, home, generation, kind, name, chunks = p[1], p[2], p[3], p[4], p[5], p[6] or ''
local passage, reading, case = p[7], p[8], p[9]
if not status and ARGV[19] == '' then return {'unknown'} end

-- The same scan again? Its answer stands, whatever has changed since.
local same = redis.call('ZRANGEBYSCORE', trail .. ':' .. chunk_of(chunks, t), at, at)
for _, m in ipairs(same) do
  if string.sub(m, 1, 8) == hash then
    if string.sub(m, 1, 12) ~= id then return {'other'} end
    return {'again', m, name, kind, home or ''}
  end
end
if kind == 'w' then -- written down by a guard; is, or was for a time, known as a resident?
  local known = redis.call('HMGET', person, 'r', 'q')
  if known[1] or known[2] and ARGV[25] ~= '1' then return {'matched', known[1] or '', known[2] or ''} end
end
if ARGV[18] ~= '1' then return {'time'} end
if #same >= 100 then return {'crowded'} end
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', part, 'v') or 0) then return {'stale'} end

local set = {} -- fields of the person to write, with their values
-- A walk-in, seen for the first time or for the first time since their words were
-- forgotten: an outsider until matched.
if not status or kind == 'w' and name == '' and ARGV[19] ~= '' then
  status, kind, name = '7', 'w', ARGV[19]
  set = {'s', status, 'k', kind, 'n', name, 'g', '0', 'd', at}
  redis.call('SET', KEYS[5], ARGV[20])
end
local last, last_way, last_site, last_gate, last_jti -- the last passage
if passage then -- way 1, time 6, site 4, gate 4, jti of an app pass
  last_way, last, last_site = string.sub(passage, 1, 1), time_at(passage, 2), string.sub(passage, 8, 11)
  last_gate, last_jti = string.sub(passage, 12, 15), string.sub(passage, 16)
end
local need, antipassback, replay, closed, late_hour, full, permits, disinfect, outings, fever, low, window, low_again, cut_off =
  string.byte(ARGV[7], 1, 14)
