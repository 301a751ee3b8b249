package gateway

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"passgate/checkpoint"
)

// checkPlainScan: what is read without reflection, encoding/json reads too, and
// as the same.
func checkPlainScan(t testing.TB, body []byte) (plain bool) {
	t.Helper()
	var quick, strict scanBody
	if !readPlainScan(string(body), &quick) {
		return false
	}
	if err := decodeJSON(body, &strict); err != nil {
		t.Fatalf("%s was read, and is refused by decodeJSON: %v", body, err)
	}
	if !reflect.DeepEqual(&quick, &strict) {
		t.Fatalf("%s\nwas read as       %+v\nby decodeJSON as %+v", body, quick, strict)
	}
	return true
}

func TestPlainScans(t *testing.T) {
	t.Parallel()
	for text, plain := range map[string]bool{
		`{"id":"a","occurred_at":"b","pass":"PG1:x","direction":"in","temperature":36.5,"temperature_method":"ear"}`:     true,
		"\n{ \"resident\" : \"x\" ,\t\"plate\":\"鲁A12345\",\"vehicle_disinfected\":true,\"plate_unchecked\":false }\r\n": true,
		`{"id_document":"1","temperature":37,"remeasure_of":"x","vehicle":"y","purpose":"work"}`:                         true,
		`{"id":""}`:                      true,
		`{"id":"\u0061"}`:                false,
		`{"id":"a","id":"b"}`:            false,
		`{"ID":"a"}`:                     false,
		`{"id":"a",}`:                    false,
		`{"id":"a"`:                      false,
		`{"id":"a"}}`:                    false,
		`{"id":"a"}{"id":"b"}`:           false,
		`{"id":"a" "pass":"b"}`:          false,
		`,"id":"a"}`:                     false,
		`}`:                              false,
		` } `:                            false,
		`"id":"a"}`:                      false,
		`{}`:                             false,
		``:                               false,
		`{"id":null}`:                    false,
		`{"id":7}`:                       false,
		`{"pass":null}`:                  false,
		"{\"id\":\"a\x00\"}":             false,
		"{\"id\":\"a\xff\"}":             false,
		`{"vehicle_disinfected":true1}`:  false,
		`{"vehicle_disinfected":"true"}`: false,
		`{"temperature":036}`:            false,
		`{"temperature":36.}`:            false,
		`{"temperature":3.65}`:           false,
		`{"temperature":1e1}`:            false,
		`{"temperature":-365}`:           false,
		`{"temperature":365}`:            false,
		`{"temperature":29.9}`:           false,
		`{"walk_in":{"name":"a"}}`:       false,
		`{"told":{}}`:                    false,
	} {
		if got := checkPlainScan(t, []byte(text)); got != plain {
			t.Errorf("%s: read plainly %v, want %v", text, got, plain)
		}
	}
}

// TestAnswersAreWrittenAsTheJSONPackageDoes: on every outcome and any text.
func TestAnswersAreWrittenAsTheJSONPackageDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "王*明", "a\"b", "<&>", "\u2028", "…", "\xff", "\x7f", "PG1:0"}))
		r := checkpoint.ScanResult{
			Outcome: checkpoint.Outcome{
				Decision: checkpoint.Decision(rapid.IntRange(0, 3).Draw(t, "decision")), Reason: checkpoint.Reason(rapid.IntRange(0, 28).Draw(t, "reason")),
				Action: checkpoint.Action(rapid.IntRange(0, 6).Draw(t, "action")), Flags: checkpoint.Flags(rapid.Uint32Range(0, 1<<18-1).Draw(t, "flags")),
			},
			OccurredAt: rapid.Int64Range(0, 1<<47).Draw(t, "occurred"), RecordedAt: rapid.Int64Range(0, 1<<47).Draw(t, "recorded"),
			Duplicate: rapid.Bool().Draw(t, "duplicate"), Call: text.Draw(t, "call"),
			Permit: checkpoint.PermitUse{Number: rapid.Uint32().Draw(t, "permit"), Until: 1 << 40, Left: rapid.Uint8().Draw(t, "left")},
		}
		if rapid.Bool().Draw(t, "known") {
			r.Person = &checkpoint.PersonView{ID: rapid.Uint64().Draw(t, "person"), NameMasked: text.Draw(t, "name"), Kind: checkpoint.KindVisitor, Home: text.Draw(t, "home")}
		}
		view := viewOfResult(text.Draw(t, "id"), &r)
		want, err := json.Marshal(view)
		if err != nil {
			t.Fatal(err)
		}
		if got := view.append(nil); string(got) != string(want) {
			t.Fatalf("written %s\nwant    %s", got, want)
		}
	})
}
