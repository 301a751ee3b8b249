-- auditcut.lua: cuts the audit from the front, behind a signed head. Safe to run
-- twice: a cut that is behind the last one changes nothing.
--
-- KEYS 1 head (hash: c number of the last entry cut off, l the signed head for it)   2 entries
-- ARGV 1 number of the last entry to go   2 the signed head for it
-- Returns the number of entries that went
if tonumber(ARGV[1]) <= tonumber(redis.call('HGET', KEYS[1], 'c') or '0') then return 0 end
redis.call('HSET', KEYS[1], 'c', ARGV[1], 'l', ARGV[2])
return redis.call('XTRIM', KEYS[2], 'MINID', string.format('%d-0', tonumber(ARGV[1]) + 1))
