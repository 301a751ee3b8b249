package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// FuzzConfig: a file of settings is refused, or holds settings of serve and no
// others.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{`{"addr":":8080"}`, `{"adr":1}`, `{"config":"x"}`, `{"addr":1,"addr":2}`, `[]`, `null`, `{"redis":null,"demo":true} {}`, "{\"\xff\":1}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		resolver, err := serverConfig(bytes.NewReader(text))
		if err != nil {
			return
		}
		var read map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&read); err != nil || decoder.More() {
			t.Fatalf("%q was taken: %v", text, err)
		}
		if _, ok := resolver.(*configFile); !ok {
			t.Fatalf("%q gives a %T", text, resolver)
		}
		names := map[string]int{}
		for _, name := range topNames(text) {
			if names[name]++; names[name] > 1 {
				t.Fatalf("%q was taken, with %q twice", text, name)
			}
		}
	})
}

// topNames are the names of the members of a JSON object.
func topNames(text []byte) (names []string) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	depth, isName := 0, false
	for {
		token, err := decoder.Token()
		if err != nil {
			return names
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
			isName = depth == 1
		case string:
			if depth == 1 && isName {
				names = append(names, token)
				isName = false
				continue
			}
			isName = depth == 1
		default:
			isName = depth == 1
		}
	}
}

// FuzzTime: a time that is taken is one that a table can show.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{"2026-11-24", "2026-11-24 08:00", "2026-11-24T08:00:00.000+08:00", "1795478462", "9999999999", "0000-00-00", "+", "2026-11-24T08:00:00+99:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseTime("--from", text)
		if err != nil {
			return
		}
		again, err := parseTime("--from", csvTime(at))
		if err != nil && at.Year() > 0 || err == nil && again.UnixMilli() != at.Truncate(time.Millisecond).UnixMilli() {
			t.Fatalf("%q is %v, shown %q, which is %v (%v)", text, at, csvTime(at), again, err)
		}
	})
}
