-- paperrow.lua: says what stands in a row of a page of a gate's paper log, if that
-- is what the caller takes it for.
--
-- KEYS 1 rows of the page (hash: row -> mark)
-- ARGV 1 row   2 the mark that the caller has seen, '' for none   3 the new mark
-- Returns the mark in force: the new one, or what stands there instead. Run twice,
-- it finds what it wrote.
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] then return now end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return ARGV[3]
