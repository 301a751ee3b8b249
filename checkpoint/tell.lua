-- tell.lua: what other offices are told of a person beside their scans (feedlog.go),
-- in front of the scripts in which it happens, so that it is told if and only if it
-- has. The stream lies beside the person's key and takes its tag. Field l of an entry
-- is the last entry of the log then, behind which it comes, '' = the log was empty;
-- field e is the person 8 and one of
--   'S' id of the decision 8, its time 6, status before 1, status now 1 (numbers)
--   'F' id of the fever case 8, closed_at decimal, ' ', outcome
local function tell(person, what)
  local part = string.sub(person, 1, -11)
  local last = redis.call('XREVRANGE', part .. 'log', '+', '-', 'COUNT', 1)[1]
  redis.call('XADD', part .. 'fs', '*', 'e', string.sub(person, -8) .. what, 'l', last and last[1] or '')
end
