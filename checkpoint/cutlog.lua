-- cutlog.lua: notes how far a partition's log is archived and cuts off what is
-- archived, projected and older than the kept span. Time is the server's, which
-- gives the entries their IDs. Safe to run twice.
--
-- KEYS 1 partition (hash: cur projector's cursor; ac ID of the last entry
--        archived, an how many are; tr ID of the last entry that was cut off,
--        tn how many were)
--      2 log
-- ARGV 1 ID of the last entry archived  2 how many are  3 kept span in ms
-- Returns how many entries were cut off
local part, log = KEYS[1], KEYS[2]
local function split(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

redis.call('HSET', part, 'ac', ARGV[1], 'an', ARGV[2])
local projected = redis.call('HGET', part, 'cur')
if not projected or not split(projected) then return 0 end
local ms, seq = split(ARGV[1])
local pms, pseq = split(projected)
if pms < ms or pms == ms and pseq < seq then ms, seq = pms, pseq end
local time = redis.call('TIME')
local old = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[3])
if ms >= old then ms, seq = old - 1, 9007199254740990 end
local last = redis.call('XREVRANGE', log, string.format('%d-%d', ms, seq), '-', 'COUNT', 1)[1]
local cut = redis.call('XTRIM', log, 'MINID', '=', string.format('%d-%d', ms, seq + 1))
if cut > 0 then
  redis.call('HSET', part, 'tr', last[1])
  redis.call('HINCRBY', part, 'tn', cut)
end
return cut
