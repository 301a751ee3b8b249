//go:build ignore

// Command make lets a released passgate live through a small town's hour and keeps what
// it left behind (data.tar.gz, the folder of its data) and what it answered
// (answers.json.gz). A newer program has to open the one and give the other: see
// TestDataOfAnOlderReleaseAnswersAsBefore. All of it is made up, keys and passwords too.
//
//	git worktree add /tmp/old 07f9b80 && (cd /tmp/old && go build -o /tmp/old/passgate ./cmd/passgate)
//	go run ./cmd/passgate/testdata/format2/make.go /tmp/old/passgate cmd/passgate/testdata/format2
//
// The data has format 2, which that release was the last to write.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

type object = map[string]any

// answers is what the test reads.
type answers struct {
	SavedAt  time.Time         `json:"saved_at"`
	Accounts map[string]string `json:"accounts"` // passwords by login
	Case     string            `json:"case"`
	Asked    []asked           `json:"asked"`
	Scans    []scan            `json:"scans"`  // that are on record: sent again they get the same answer
	Probes   []scan            `json:"probes"` // that were sent after the data was saved
}

type asked struct {
	As     string          `json:"as"`
	Path   string          `json:"path"`
	Answer json.RawMessage `json:"answer"`
}

type scan struct {
	Token  string          `json:"token"`
	Body   object          `json:"body"`
	Answer json.RawMessage `json:"answer"`
}

var (
	base     string
	sessions = map[string]string{}
	out      = answers{Accounts: map[string]string{}}
	serial   int
)

func main() {
	log.SetFlags(0)
	binary, dir := os.Args[1], os.Args[2]
	data, err := os.MkdirTemp("", "pgf")
	check(err)
	defer os.RemoveAll(data)
	server := start(binary, data)
	people, tokens := found()
	live(people, tokens)
	time.Sleep(2 * time.Second) // the indexes are written a moment after the answer
	ask(people)
	server.stop()
	out.SavedAt = time.Now().UTC()
	keep(filepath.Join(data, "redis"))
	pack(data, filepath.Join(dir, "data.tar.gz"))
	server = start(binary, data)
	for _, probe := range probes(people) {
		send(tokens[probe.gate], probe.body, &out.Probes)
	}
	server.stop()
	file, err := os.Create(filepath.Join(dir, "answers.json.gz"))
	check(err)
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	check(err)
	check(json.NewEncoder(zip).Encode(out))
	check(zip.Close())
	check(file.Close())
}

// found makes the town: two villages and a mall with a gate and a phone each, four
// accounts, twelve residents with paper passes, a case that allows questions.
func found() (people []resident, tokens map[string]string) {
	must("admin", "POST", "/v1/setup", object{
		"grid": []object{
			{"id": "XS", "name": "许商街道", "level": 1},
			{"id": "A1", "parent": "XS", "name": "一管区", "level": 2},
			{"id": "C1", "parent": "A1", "name": "佟道口", "level": 3},
		},
		"sites": []object{
			{"code": "V1", "name": "佟道口村", "kind": "village", "grid": "C1", "temperature_on": "both"},
			{"code": "V2", "name": "大窦村", "kind": "village", "grid": "C1", "temperature_on": "both"},
			{"code": "M1", "name": "银座商城", "kind": "mall", "grid": "A1", "temperature_on": "in"},
		},
		"gates": []object{
			{"code": "V1-g1", "name": "村口", "site": "V1", "open": true},
			{"code": "V2-g1", "name": "村口", "site": "V2", "open": true},
			{"code": "M1-g1", "name": "正门", "site": "M1", "open": true},
		},
	}, nil)
	tokens = map[string]string{}
	for _, gate := range []string{"V1-g1", "V2-g1", "M1-g1"} {
		var made struct {
			EnrolCode string `json:"enrol_code"`
		}
		must("admin", "POST", "/v1/devices", object{"gate": gate, "lane": "1"}, &made)
		var got struct{ Token string }
		must("", "POST", "/v1/devices/enrol", object{"code": made.EnrolCode}, &got)
		tokens[gate] = got.Token
	}
	for _, role := range []string{"medic", "leader", "tracer", "enroller"} {
		out.Accounts[role] = "secret of the " + role
		must("admin", "PUT", "/v1/staff/"+role, object{"login": role, "name": role, "role": role, "grid": "XS", "password": out.Accounts[role]}, nil)
		signIn(role, out.Accounts[role])
	}
	var opened struct{ Code string }
	must("medic", "POST", "/v1/cases", object{"kind": "other", "title": "drill"}, &opened)
	out.Case = opened.Code
	rows := "name,id_number,phone,site,door,grid\n"
	for i := range 12 {
		rows += fmt.Sprintf("王%c,%s,1380000%04d,V%d,%d号,C1\n", '一'+rune(i), idNumber(i), i, i%2+1, i/4)
	}
	do("admin", "POST", "/v1/residents/import", "text/csv", []byte(rows))
	for site := range 2 {
		lines := do("admin", "GET", fmt.Sprintf("/v1/residents?site=V%d", site+1), "", nil)
		for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
			var one struct{ ID string }
			check(json.Unmarshal(line, &one))
			var pass struct{ Compact string }
			must("admin", "POST", "/v1/residents/"+one.ID+"/passes", object{"kind": "paper", "days": 30}, &pass)
			people = append(people, resident{one.ID, pass.Compact, fmt.Sprintf("V%d", site+1)})
		}
	}
	return people, tokens
}

type resident struct{ id, pass, site string }

// live is the hour: to the mall and back, a fever, a visitor, a walk-in, a quarantine.
func live(people []resident, tokens map[string]string) {
	for round := range 3 {
		for i, p := range people {
			home := p.site + "-g1"
			for _, leg := range []struct{ gate, way string }{{home, "out"}, {"M1-g1", "in"}, {"M1-g1", "out"}, {home, "in"}} {
				if i == 7 && round == 2 && leg.way == "out" && leg.gate == "M1-g1" {
					continue // forgot to be scanned
				}
				send(tokens[leg.gate], passage(p, leg.way, 36.2+float64(i%9)/10), &out.Scans)
			}
		}
	}
	first := send(tokens["M1-g1"], passage(people[3], "in", 38.1), &out.Scans)
	again := passage(people[3], "in", 38.3)
	again["remeasure_of"] = first["id"]
	send(tokens["M1-g1"], again, &out.Scans)
	must("medic", "PUT", "/v1/residents/"+people[5].id+"/status", object{"status": "quarantine", "ground": "close_contact", "until": wire(time.Now().AddDate(0, 0, 10)), "evidence": "同乘", "case": out.Case}, nil)
	must("medic", "PUT", "/v1/residents/"+people[6].id+"/status", object{"status": "yellow", "ground": "returned_from_risk_area", "until": wire(time.Now().AddDate(0, 0, 5)), "case": out.Case}, nil)
	visitor := object{"name": "孙八", "id_number": "E12345678", "phone": "13800138000"}
	must("leader", "POST", "/v1/permits", object{
		"id": "format-2-permit", "visitor": visitor, "site": "V1", "host": people[0].id, "ground": "family", "until": wire(time.Now().Add(8 * time.Hour)), "purpose": "看望母亲",
	}, nil)
	for _, body := range []object{
		{"id_document": "E12345678", "direction": "in"},
		{"walk_in": object{"name": "周九", "id_tail": "0417", "phone": "13900139000"}, "direction": "in"},
	} {
		body["temperature"], body["temperature_method"] = 36.6, "forehead"
		send(tokens["V1-g1"], body, &out.Scans)
	}
	send(tokens["V2-g1"], passage(people[5], "out", 36.5), &out.Scans)
}

type probe struct {
	gate string
	body object
}

// probes are new scans: the people as they were left, at their own gate and elsewhere.
func probes(people []resident) (all []probe) {
	for _, p := range people {
		all = append(all, probe{p.site + "-g1", passage(p, "out", 36.4)}, probe{"M1-g1", passage(p, "in", 36.4)})
	}
	visitor := object{"id_document": "E12345678", "direction": "out", "temperature": 36.6, "temperature_method": "forehead"}
	return append(all, probe{"V1-g1", visitor})
}

func passage(p resident, way string, temperature float64) object {
	return object{"pass": p.pass, "direction": way, "temperature": float64(int(temperature*10+.5)) / 10, "temperature_method": "forehead"}
}

// send makes one scan at the time that it is.
func send(token string, body object, list *[]scan) object {
	serial++
	time.Sleep(2 * time.Millisecond) // no two at one instant
	body["id"], body["occurred_at"] = fmt.Sprintf("format-2-%06d", serial), wire(time.Now())
	text, err := json.Marshal(body)
	check(err)
	answer := call(token, "POST", "/v1/scans", "application/json", text)
	*list = append(*list, scan{token, body, answer})
	return body
}

func ask(people []resident) {
	from, to := url.QueryEscape(wire(time.Now().Add(-time.Hour))), url.QueryEscape(wire(time.Now().Add(time.Hour)))
	now := url.QueryEscape(wire(time.Now())) // a household meets until then
	window := "?from=" + from + "&to=" + to
	questions := map[string][]string{"tracer": {}, "medic": {"/v1/fevers", "/v1/cases"}, "leader": {"/v1/permits?site=V1", "/v1/sites/V1/inside", "/v1/sites/M1/inside"}}
	for _, gate := range []string{"V1-g1", "V2-g1", "M1-g1"} {
		questions["tracer"] = append(questions["tracer"], "/v1/gates/"+gate+"/events"+window+"&limit=1000")
	}
	for _, p := range people {
		questions["tracer"] = append(questions["tracer"], "/v1/residents/"+p.id+"/trajectory"+window)
		questions["enroller"] = append(questions["enroller"], "/v1/residents/"+p.id)
	}
	questions["tracer"] = append(questions["tracer"], "/v1/residents/"+people[0].id+"/contacts?min_overlap=0&from="+from+"&to="+now)
	for _, as := range []string{"tracer", "medic", "leader", "enroller"} {
		for _, path := range questions[as] {
			out.Asked = append(out.Asked, asked{as, path, do(as, "GET", path, "", nil)})
		}
	}
}

func signIn(login, password string) {
	var got struct{ Token string }
	must("", "POST", "/v1/login", object{"login": login, "password": password}, &got)
	sessions[login] = got.Token
}

func must(as, method, path string, in, answer any) {
	text, err := json.Marshal(in)
	check(err)
	got := do(as, method, path, "application/json", text)
	if answer != nil {
		check(json.Unmarshal(got, answer))
	}
}

func do(as, method, path, contentType string, body []byte) []byte {
	return call(sessions[as], method, path, contentType, body)
}

func call(token, method, path, contentType string, body []byte) []byte {
	req, err := http.NewRequest(method, base+path, bytes.NewReader(body))
	check(err)
	for name, value := range map[string]string{"Content-Type": contentType, "Trace-Case": out.Case, "Trace-Reason": "drill"} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(path, "/v1/residents?") {
		req.Header.Set("Accept", "application/x-ndjson")
	}
	res, err := http.DefaultClient.Do(req)
	check(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	check(err)
	if res.StatusCode/100 != 2 {
		fail(fmt.Sprintf("%s %s: %d %s", method, path, res.StatusCode, answer))
	}
	return answer
}

type server struct{ *exec.Cmd }

// start starts the release and waits until it answers.
func start(binary, data string) server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	addr := l.Addr().String()
	check(l.Close())
	s := server{exec.Command(binary, "serve", "--addr", addr, "--metrics-addr", "off", "--data", data, "--archive", "off")}
	printed, err := s.StdoutPipe()
	check(err)
	check(s.Start())
	running = s.Cmd
	login := make(chan []string, 1)
	go func() {
		lines := bufio.NewScanner(printed)
		for lines.Scan() {
			if _, found, ok := strings.Cut(lines.Text(), "admin login"); ok {
				login <- strings.Fields(found)
			}
		}
	}()
	base = "http://" + addr
	await("the server does not answer", func() bool {
		res, err := http.Get(base + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	if sessions["admin"] == "" {
		words := <-login
		signIn(words[0], words[2])
		sessions["admin"] = sessions[words[0]]
	}
	return s
}

func (s server) stop() {
	check(s.Process.Signal(syscall.SIGTERM))
	check(s.Wait())
}

// keep takes their end from all keys: Redis lets them go by its own clock, and the test
// opens the data whenever it runs.
func keep(dir string) {
	ctx, socket := context.Background(), filepath.Join(dir, "keep.sock")
	running = exec.Command("redis-server", "--dir", dir, "--port", "0", "--unixsocket", socket, "--appendonly", "yes", "--save", "")
	check(running.Start())
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer client.Close()
	await("Redis does not answer", func() bool { return client.Ping(ctx).Err() == nil })
	keys := client.Scan(ctx, 0, "*", 100).Iterator()
	for keys.Next(ctx) {
		check(client.Persist(ctx, keys.Val()).Err())
	}
	check(keys.Err())
	check(client.BgRewriteAOF(ctx).Err())
	await("the file of Redis is not written", func() bool {
		info := client.Info(ctx, "persistence").Val()
		return strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0")
	})
	check(running.Process.Signal(syscall.SIGTERM))
	check(running.Wait())
}

// await asks until something is so, for a minute.
func await(otherwise string, so func() bool) {
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			fail(otherwise)
		}
	}
}

// pack puts the files of a folder into a compressed tar.
func pack(dir, to string) {
	file, err := os.Create(to)
	check(err)
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	check(err)
	w := tar.NewWriter(zip)
	check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".lock") || strings.HasSuffix(path, ".conf") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		check(err)
		text, err := os.ReadFile(path)
		check(err)
		check(w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(text))}))
		_, err = w.Write(text)
		return err
	}))
	check(w.Close())
	check(zip.Close())
	check(file.Close())
}

// idNumber gives a valid number by the weights that GB 11643 prints.
func idNumber(n int) string {
	digits := fmt.Sprintf("37012619800101%03d", n)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

func wire(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

var running *exec.Cmd // nil: no server was started yet

// fail ends it all, with what was started.
func fail(why string) {
	if running != nil {
		_ = running.Process.Kill()
	}
	log.Fatal(why)
}
