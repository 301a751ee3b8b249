-- changes.lua: tells gateways whose record has changed in a way that a verdict
-- can depend on, in front of the scripts that write such a change. Gateways keep
-- a copy of these fields for when Redis is away (snapshot.go) and read the
-- person again. The stream lies beside the person's key and takes its tag; it is
-- cut by number, since a gateway that was away for longer reads everything anew.
local function changed(person)
  redis.call('XADD', string.sub(person, 1, -11) .. 'ch', 'MAXLEN', '~', 10000, '*', 'p', string.sub(person, -8))
end
