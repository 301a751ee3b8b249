-- household.lua: the phones of a household and the generation of its activation
-- code. Safe to run twice.
--
-- KEYS 1 household (hash: g generation; 8 bytes of a phone -> token hash 32,
--        person 8, activated_at 6, last day 4, name)
-- ARGV 1 names the step
--   open   ARGV 2 generation that the code had   3 phone   4 its record
--          5 most phones   -> 'ok' | 'renewed' | 'full'
--   who    KEYS 2 base of people   ARGV 2 phone   3 token hash   4 today, 4 bytes
--          A phone by its token; the day is noted.
--          -> {record, status, home, household, kind of its person} or nil
--   renew  ARGV 2 generation before   3 person whose phones end, '' = all
--          -> how many phones ended
--   stale  ARGV 2 first day that counts, 4 bytes
--          Phones not used since.   -> how many ended
local key, step = KEYS[1], ARGV[1]

-- end_phones ends those that pick names by their record.
local function end_phones(pick)
  local all, ended = redis.call('HGETALL', key), 0
  for i = 1, #all, 2 do
    if #all[i] == 8 and pick(all[i + 1]) then ended = ended + redis.call('HDEL', key, all[i]) end
  end
  return ended
end

if step == 'open' then
  if (redis.call('HGET', key, 'g') or '0') ~= ARGV[2] then return 'renewed' end
  if redis.call('HGET', key, ARGV[3]) ~= ARGV[4] then
    local phones = redis.call('HLEN', key) - redis.call('HEXISTS', key, 'g')
    if phones >= tonumber(ARGV[5]) then return 'full' end
    redis.call('HSET', key, ARGV[3], ARGV[4])
  end
  return 'ok'
end

if step == 'who' then
  local record = redis.call('HGET', key, ARGV[2])
  if not record or string.sub(record, 1, 32) ~= ARGV[3] then return false end
  if string.sub(record, 47, 50) ~= ARGV[4] then
    record = string.sub(record, 1, 46) .. ARGV[4] .. string.sub(record, 51)
    redis.call('HSET', key, ARGV[2], record)
  end
  local p = redis.call('HMGET', KEYS[2] .. string.sub(record, 33, 40), 's', 'h', 'u', 'k')
  return {record, p[1] or '', p[2] or '', p[3] or '', p[4] or ''}
end

if step == 'renew' then
  if (redis.call('HGET', key, 'g') or '0') == ARGV[2] then
    redis.call('HSET', key, 'g', string.format('%d', tonumber(ARGV[2]) + 1))
  end
  return end_phones(function(record) return ARGV[3] == '' or string.sub(record, 33, 40) == ARGV[3] end)
end

if step == 'stale' then
  return end_phones(function(record) return string.sub(record, 47, 50) < ARGV[2] end)
end

return redis.error_reply('household.lua: no step ' .. tostring(step))
