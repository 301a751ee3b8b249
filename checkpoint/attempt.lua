-- attempt.lua: counts tries of a secret before it is looked at, and takes the
-- count back when the secret was right. Run twice, a try counts twice and taking
-- back takes one more: the first errs towards refusing, the second is done only
-- by who knows the secret.
--
-- KEYS 1 places where the account signed in before (hash: 8 bytes of place ->
--        'n t seen')
--      2... counters (string: 'n t'): n tries that were not right, t the time
--        until which no other one is let through, ms
-- ARGV 1 'try', or what came of it: 'good', 'none' (never looked at)
--      2 now, ms   3 place, '' = none is remembered   4 how the try was let
--      through: '1' as one from a place seen before   5 free tries from such a
--      place   6 longest wait there, ms
--      7... per counter: free tries, longest wait in ms, '1' if being right
--      clears it ('0': takes one try back)
-- Returns for a try {0, 1 if from a place seen before}, or {ms to wait}; else {0}
local known, op, now, place = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local day = 86400000
local remembered, most_places = 30 * day, 32

local function read(text)
  local n, t, seen = string.match(text or '', '^(%d+) (%d+) ?(%d*)')
  return tonumber(n or 0), tonumber(t or 0), tonumber(seen or '') or 0
end

-- charge is the counter after one more try, or how long to wait before it. A
-- time further away than the longest wait is of a clock that was wrong.
local function charge(text, free, most)
  local n, t, seen = read(text)
  if t > now and t <= now + most then return nil, t - now end
  n = n + 1
  local delay = 0
  if n >= free then delay = math.min(most, 1000 * 2 ^ math.min(n - free, 20)) end
  return string.format('%d %.0f', n, now + delay), 0, seen
end

local function write_place(counter, seen)
  redis.call('HSET', known, place, counter .. string.format(' %.0f', seen))
end

-- forget_oldest keeps the places of one account few.
local function forget_oldest()
  local all, oldest, when = redis.call('HGETALL', known), nil, nil
  if #all <= 2 * most_places then return end
  for i = 1, #all, 2 do
    local _, _, seen = read(all[i + 1])
    if not when or seen < when then oldest, when = all[i], seen end
  end
  redis.call('HDEL', known, oldest)
end

local mine = place ~= '' and redis.call('HGET', known, place)
local _, _, last_seen = read(mine or '')

if op == 'try' then
  if mine and last_seen + remembered > now then
    local counter, wait = charge(mine, tonumber(ARGV[5]), tonumber(ARGV[6]))
    if not counter then return {wait} end
    write_place(counter, last_seen)
    return {0, 1}
  end
  local after, longest = {}, 0
  for i = 2, #KEYS do
    local at = 7 + (i - 2) * 3
    local counter, wait = charge(redis.call('GET', KEYS[i]), tonumber(ARGV[at]), tonumber(ARGV[at + 1]))
    after[i], longest = counter, math.max(longest, wait)
  end
  if longest > 0 then return {longest} end
  for i = 2, #KEYS do redis.call('SET', KEYS[i], after[i], 'PX', day) end
  return {0, 0}
end

if ARGV[4] ~= '1' then
  for i = 2, #KEYS do
    local n = read(redis.call('GET', KEYS[i]))
    local clears = op == 'good' and ARGV[7 + (i - 2) * 3 + 2] == '1'
    if n <= 1 or clears then
      redis.call('DEL', KEYS[i])
    else
      redis.call('SET', KEYS[i], string.format('%d 0', n - 1), 'PX', day)
    end
  end
elseif op == 'none' and mine then
  local n = read(mine)
  write_place(string.format('%d 0', math.max(n - 1, 0)), last_seen)
end
if op == 'good' and place ~= '' then
  write_place('0 0', now)
  redis.call('PEXPIRE', known, remembered)
  forget_oldest()
end
return {0}
