package gateway

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestBodiesThatAreNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, err := json.Marshal(w.newScan(w.people["wang"]))
	w.must(err)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(good)
	_ = z.Close()
	replaced := func(old, new string) string { return strings.Replace(string(good), old, new, 1) }
	for name, c := range map[string]struct {
		body    any
		headers []string
		status  int
		code    string
		field   string
	}{
		"gzip":                   {zipped.Bytes(), []string{"Content-Encoding", "gzip"}, 415, "unsupported_media", ""},
		"identity is no coding":  {string(good), []string{"Content-Encoding", "br"}, 415, "unsupported_media", ""},
		"a form":                 {"id=7", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_media", ""},
		"65 KiB":                 {string(good) + strings.Repeat(" ", 65<<10), nil, 413, "too_large", ""},
		"empty":                  {"", nil, 400, "bad_json", ""},
		"not JSON":               {"id: 7", nil, 400, "bad_json", ""},
		"cut off":                {string(good[:len(good)-9]), nil, 400, "bad_json", ""},
		"a list":                 {"[1]", nil, 400, "bad_json", ""},
		"something behind":       {string(good) + "{}", nil, 400, "bad_json", ""},
		"a brace behind":         {string(good) + "}", nil, 400, "bad_json", ""},
		"bad UTF-8":              {replaced(`"in"`, "\"in\xff\""), nil, 400, "bad_json", ""},
		"a field twice":          {replaced(`"direction"`, `"direction":"out","direction"`), nil, 400, "bad_json", "direction"},
		"a field twice, escaped": {replaced(`"direction"`, `"direction":"out","\u0064irection"`), nil, 400, "unknown_field", `\u0064irection`},
		"deep":                   {strings.Repeat(`{"id":`, 5000) + "1" + strings.Repeat("}", 5000), nil, 400, "bad_json", ""},
		"deep lists":             {`{"id":` + strings.Repeat("[", 30000) + strings.Repeat("]", 30000) + "}", nil, 400, "bad_json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := w.do(http.MethodPost, "/v1/scans", w.deviceToken("D1"), c.body, c.headers...)
			res.t = t
			res.problem(c.status, c.code, c.field)
		})
	}
	w.do(http.MethodPost, "/v1/scans", w.deviceToken("D1"), good, "Content-Type", "application/json; charset=utf-8").decided("pass", "ok")
}

func TestNobodyUnknownMaySendMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"scans":[]` + strings.Repeat(" ", 1<<20) + "}"
	w.do(http.MethodPost, "/v1/scans/batch", "", body).problem(http.StatusRequestEntityTooLarge, "too_large", "")
	w.do(http.MethodPost, "/v1/scans/batch", w.deviceToken("D1"), body).problem(http.StatusUnprocessableEntity, "invalid", "scans")
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"id":"a","walk_in":{"name":"b"}}`, `{"id":"\u0000\"","temperature":36.5}`, `[{]}`, `{"a":{"a":1,"a":2}}`, `"`, `{"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		checkPlainScan(t, body)
		var in scanBody
		if decodeJSON(body, &in) != nil {
			return
		}
		var again scanBody
		text, err := json.Marshal(&in)
		if err == nil {
			err = json.Unmarshal(text, &again)
		}
		if err != nil {
			t.Fatalf("accepted what cannot be written again: %v", err)
		}
		var members map[string]json.RawMessage // a reader that takes exact names
		if string(bytes.TrimSpace(body)) != "null" {
			if err := json.Unmarshal(body, &members); err != nil {
				t.Fatal(err)
			}
		}
		for name := range members {
			if strings.ToLower(name) != name {
				t.Fatalf("accepted the field %q", name)
			}
		}
	})
}

// A client that is still sending when its body is refused has to get the
// answer, not a reset connection.
func TestRefusedBodyGetsItsAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	w.must(err)
	defer conn.Close()
	const size = 3 << 20
	fmt.Fprintf(conn, "POST /v1/scans/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", w.deviceToken("D1"), size)
	for range 32 {
		time.Sleep(10 * time.Millisecond)
		if _, err := io.WriteString(conn, strings.Repeat(" ", size/32)); err != nil {
			t.Fatalf("cut off while sending: %v", err)
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	w.must(err)
	answer{t, res.StatusCode, res.Header, body}.problem(http.StatusRequestEntityTooLarge, "too_large", "")
}

func TestTimesAreWrittenAsTheTimePackageDoes(t *testing.T) {
	t.Parallel()
	for _, ms := range []int64{
		0, 1, 999, 86_399_999, 951_782_400_000, 951_868_799_999, 1_582_934_399_999, 1_582_934_400_000, 1_709_164_800_010, 4_102_444_799_999,
		-1, -62_135_596_800_000, 253_402_300_799_999, 253_402_300_800_000, 1 << 47,
	} {
		if got, want := utcTime(ms).String(), time.UnixMilli(ms).UTC().Format(timeForm); got != want {
			t.Errorf("%d is written %s, want %s", ms, got, want)
		}
	}
}
