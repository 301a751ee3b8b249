-- logpages.lua: numbers the pages of a gate's paper log that are about to be
-- printed. Run twice, it passes some numbers over; it never gives one twice.
--
-- KEYS 1 last number given for the gate on that day (string)
-- ARGV 1 how many pages   2 highest number that a page can have   3 ms for which the
--        last number is kept: none is typed that was not printed
-- Returns the number of the first page, 0 if there are not as many left
local last, pages = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1])
if last + pages > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], string.format('%d', last + pages), 'PX', ARGV[3])
return last + 1
