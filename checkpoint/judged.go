package checkpoint

import (
	"maps"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// judged is the record of one person as the scan script finds it without Redis:
// the copied fields, and on top of them what this gateway has decided since
// Redis went away. It answers the commands that the script uses. What it has no
// copy of is empty: the trail and the household's outings from before, and how
// many are inside (which is told by the rules' argument anyway).
type judged struct {
	person string // key of the person
	trail  string // what the keys of the trail's chunks begin with
	base   personFacts
	fields map[string]string // set by scans judged here; "" is deleted
	events []judgedEvent     // by occurred_at as they came
}

// judgedEvent is a scan that was judged here.
type judgedEvent struct {
	at     string // score, as the script gives it
	member string
}

// clone is a record that may be changed without changing this one, by one user at
// a time: what it appends to the events lies behind those that this one knows.
func (j *judged) clone() *judged {
	return &judged{base: j.base, fields: maps.Clone(j.fields), events: j.events}
}

func (j *judged) field(name string) (string, bool) {
	if v, set := j.fields[name]; set {
		return v, v != ""
	}
	if place, ok := factPlace[name]; ok {
		return j.base.field(place)
	}
	return "", false
}

func (j *judged) set(name, value string) {
	if j.fields == nil {
		j.fields = map[string]string{}
	}
	j.fields[name] = value
}

// call is redis.call for the script. A command that it does not know raises an
// error there: whoever teaches the script a new one teaches it here.
func (j *judged) call(vm *lua.LState) int {
	switch command := vm.CheckString(1); command {
	case "HMGET":
		t := vm.NewTable()
		for i := 3; i <= vm.GetTop(); i++ {
			t.RawSetInt(i-2, j.value(vm.CheckString(i)))
		}
		vm.Push(t)
	case "HGET": // of the person, or the partition's rules version, which is not newer than ours
		if vm.CheckString(2) == j.person {
			vm.Push(j.value(vm.CheckString(3)))
		} else {
			vm.Push(lua.LFalse)
		}
	case "HSET":
		if vm.CheckString(2) == j.person {
			for i := 3; i < vm.GetTop(); i += 2 {
				j.set(vm.CheckString(i), vm.CheckString(i+1))
			}
		}
		vm.Push(lua.LNumber(1))
	case "HDEL":
		if vm.CheckString(2) == j.person {
			j.set(vm.CheckString(3), "")
		}
		vm.Push(lua.LNumber(1))
	case "ZRANGEBYSCORE": // of the trail, at one time
		vm.Push(j.eventsAt(vm, vm.CheckString(3)))
	case "ZADD":
		if strings.HasPrefix(vm.CheckString(2), j.trail) {
			j.events = append(j.events, judgedEvent{vm.CheckString(3), vm.CheckString(4)})
		}
		vm.Push(lua.LNumber(1))
	case "ZCARD": // never so full that it is cut
		vm.Push(lua.LNumber(1))
	case "ZCOUNT": // outings from before are not known
		vm.Push(lua.LNumber(0))
	case "XADD", "SET", "HINCRBY", "ZREMRANGEBYSCORE":
		vm.Push(lua.LTrue)
	default:
		vm.RaiseError("no %s without Redis", command)
	}
	return 1
}

func (j *judged) value(field string) lua.LValue {
	if v, ok := j.field(field); ok {
		return lua.LString(v)
	}
	return lua.LFalse
}

func (j *judged) eventsAt(vm *lua.LState, at string) *lua.LTable {
	t := vm.NewTable()
	for _, e := range j.events {
		if e.at == at {
			t.Append(lua.LString(e.member))
		}
	}
	return t
}
