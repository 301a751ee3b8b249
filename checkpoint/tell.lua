-- tell.lua: what other offices are told of a person beside their scans (feedlog.go),
-- in front of the scripts in which it happens, so that it is told if and only if it
-- has. The stream lies beside the person's key and takes its tag. An entry is the
-- person 8 and one of
--   'S' id of the decision 8, its time 6, status before 1, status now 1 (numbers)
--   'F' id of the fever case 8, closed_at decimal, ' ', outcome
local function tell(person, what)
  redis.call('XADD', string.sub(person, 1, -11) .. 'fs', '*', 'e', string.sub(person, -8) .. what)
end
