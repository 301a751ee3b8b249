package checkpoint

import (
	"fmt"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// judge decides scans without Redis: it runs the scan script itself, in this
// process, on a copy of what Redis holds. So the rules cannot differ from those
// of Redis; only what the copy does not know can. It is safe for concurrent use.
type judge struct {
	proto *lua.FunctionProto
	vms   sync.Pool // of *lua.LState
}

// newJudge compiles the scan script.
func newJudge() (*judge, error) {
	chunk, err := parse.Parse(strings.NewReader(scanScript.source), "scan.lua")
	if err != nil {
		return nil, fmt.Errorf("checkpoint: scan script: %w", err)
	}
	proto, err := lua.Compile(chunk, "scan.lua")
	if err != nil {
		return nil, fmt.Errorf("checkpoint: scan script: %w", err)
	}
	j := &judge{proto: proto}
	j.vms.New = func() any { return newVM() }
	return j, nil
}

// newVM is an interpreter with what a script may use inside Redis.
func newVM() *lua.LState {
	vm := lua.NewState(lua.Options{SkipOpenLibs: true})
	for _, lib := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
		{lua.StringLibName, lua.OpenString},
		{lua.MathLibName, lua.OpenMath},
	} {
		vm.Push(vm.NewFunction(lib.open))
		vm.Push(lua.LString(lib.name))
		vm.Call(1, 0)
	}
	return vm
}

// run is one run of the script on a record. It returns what Redis would reply.
func (j *judge) run(keys []string, args []any, on *judged) (any, error) {
	on.person, on.trail = keys[0], keys[3]+":"
	vm := j.vms.Get().(*lua.LState) //nolint:forcetypeassert // the pool holds nothing else
	defer j.vms.Put(vm)
	list := func(name string, n int, at func(int) string) {
		t := vm.CreateTable(n, 0)
		for i := range n {
			t.Append(lua.LString(at(i)))
		}
		vm.SetGlobal(name, t)
	}
	list("KEYS", len(keys), func(i int) string { return keys[i] })
	list("ARGV", len(args), func(i int) string { return argText(args[i]) })
	commands := vm.NewTable()
	vm.SetField(commands, "call", vm.NewFunction(on.call))
	vm.SetGlobal("redis", commands)
	vm.Push(vm.NewFunctionFromProto(j.proto))
	if err := vm.PCall(0, 1, nil); err != nil {
		return nil, fmt.Errorf("checkpoint: scan script without Redis: %w", err)
	}
	defer vm.Pop(1)
	if text, ok := vm.Get(-1).(lua.LString); ok {
		return string(text), nil
	}
	t, ok := vm.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("checkpoint: scan script without Redis returned a %s", vm.Get(-1).Type())
	}
	var reply []any
	for i := 1; i <= t.Len(); i++ {
		if s, ok := t.RawGetInt(i).(lua.LString); ok {
			reply = append(reply, string(s))
		} else {
			reply = append(reply, nil)
		}
	}
	return reply, nil
}

// argText is an argument as Redis would get it.
func argText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return fmt.Sprint(v)
}
