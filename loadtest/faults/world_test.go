//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// scratch holds the binary and the town, for as long as the tests run.
var scratch string

func TestMain(m *testing.M) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // the proxy has much to say
	var err error
	if scratch, err = os.MkdirTemp("", "pgf"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(status)
}

// town is a small town on disk: two villages with a gate and two phones each.
// Every row begins with a copy of its folders.
type town struct {
	redis, data  string // folders of the append-only file and of the keys
	gates        []string
	devices      []device
	people       []person
	tracer, kase string // session and case under which the records are asked for
}

type device struct {
	num               uint32
	code, token, gate string
}

type person struct {
	id   string
	pass string // on paper, in the compact form
}

// residents live in the two villages in turn.
const residents = 120

// theTown is set up once, over the API, and then laid to rest.
var theTown = sync.OnceValues(func() (*town, error) {
	t := &town{redis: filepath.Join(scratch, "town-redis"), data: filepath.Join(scratch, "town-data")}
	redis, err := newRedis(t.redis)
	if err != nil {
		return nil, err
	}
	defer redis.rdb.Close()
	gate, err := newGate(t.data, "redis://"+redis.addr(), "--drain", "0s")
	if err != nil {
		return nil, errors.Join(err, redis.kill())
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err = t.setUp(ctx, gate)
	if err == nil {
		err = t.numberDevices(ctx, redis)
	}
	err = errors.Join(err, gate.end())
	if err == nil { // for a Redis that keeps no append-only file
		err = redis.rdb.Save(ctx).Err()
	}
	return t, errors.Join(err, redis.end())
})

func (t *town) setUp(ctx context.Context, gate *gateServer) error {
	var words []string
	err := patiently(5*time.Second, func() error {
		line, _ := gate.out.find("admin login")
		if words = strings.Fields(line); len(words) < 5 {
			return fmt.Errorf("no login was printed:\n%s", gate.out)
		}
		return nil
	})
	if err != nil {
		return err
	}
	admin, err := signIn(ctx, gate.url, words[2], words[4])
	if err != nil {
		return err
	}
	// The people last: issuing their passes ends the append-only file with audit entries,
	// so that a row which cuts the file's end takes no place, device or case with it.
	for _, part := range []func(context.Context, *caller) error{t.putPlaces, t.enrolDevices, t.openCase, t.enrolPeople} {
		if err := part(ctx, admin); err != nil {
			return err
		}
	}
	return nil
}

type object = map[string]any

func (t *town) putPlaces(ctx context.Context, admin *caller) error {
	t.gates = []string{"V1-g1", "V2-g1"}
	return admin.call(ctx, http.MethodPost, "/v1/setup", object{
		"grid": []object{
			{"id": "XS", "name": "许商街道", "level": 1},
			{"id": "A1", "parent": "XS", "name": "一管区", "level": 2},
			{"id": "C1", "parent": "A1", "name": "佟道口", "level": 3},
		},
		"sites": []object{
			{"code": "V1", "name": "佟道口村", "kind": "village", "grid": "C1", "temperature_on": "both"},
			{"code": "V2", "name": "大窦村", "kind": "village", "grid": "C1", "temperature_on": "both"},
		},
		"gates": []object{
			{"code": t.gates[0], "name": "村口", "site": "V1", "open": true},
			{"code": t.gates[1], "name": "村口", "site": "V2", "open": true},
		},
	}, nil)
}

func (t *town) enrolDevices(ctx context.Context, admin *caller) error {
	for i := range 2 * len(t.gates) {
		var made struct {
			EnrolCode string `json:"enrol_code"`
		}
		gate := t.gates[i%len(t.gates)]
		err := admin.call(ctx, http.MethodPost, "/v1/devices", object{"gate": gate, "lane": fmt.Sprint(i)}, &made)
		if err != nil {
			return err
		}
		var got struct{ Token, Device string }
		phone := &caller{base: admin.base}
		if err := phone.call(ctx, http.MethodPost, "/v1/devices/enrol", object{"code": made.EnrolCode}, &got); err != nil {
			return err
		}
		t.devices = append(t.devices, device{code: got.Device, token: got.Token, gate: gate})
	}
	return nil
}

// numberDevices reads the numbers under which events name the devices.
func (t *town) numberDevices(ctx context.Context, redis *redisServer) error {
	stored, err := redis.rdb.HGetAll(ctx, "pg:{reg}:devices").Result()
	if err != nil {
		return err
	}
	for _, text := range stored {
		var record struct {
			Num  uint32
			Code string
		}
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			return err
		}
		for i := range t.devices {
			if t.devices[i].code == record.Code {
				t.devices[i].num = record.Num
			}
		}
	}
	return nil
}

func (t *town) enrolPeople(ctx context.Context, admin *caller) error {
	var file bytes.Buffer
	rows := csv.NewWriter(&file)
	_ = rows.Write([]string{"name", "id_number", "phone", "site", "door", "grid"})
	for i := range residents {
		_ = rows.Write([]string{"王" + string(rune('一'+i)), idNumber(i), "", fmt.Sprintf("V%d", i%2+1), fmt.Sprintf("%d号", i), "C1"})
	}
	rows.Flush()
	if _, err := admin.send(ctx, http.MethodPost, "/v1/residents/import", "text/csv", "application/json", file.Bytes()); err != nil {
		return err
	}
	t.people = make([]person, residents)
	for village := range 2 {
		path := fmt.Sprintf("/v1/residents?site=V%d", village+1)
		lines, err := admin.send(ctx, http.MethodGet, path, "", "application/x-ndjson", nil)
		if err != nil {
			return err
		}
		for i, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
			var found struct{ ID string }
			if err := json.Unmarshal(line, &found); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			var issued struct{ Compact string }
			err := admin.call(ctx, http.MethodPost, "/v1/residents/"+found.ID+"/passes", object{"kind": "paper", "days": 7}, &issued)
			if err != nil {
				return err
			}
			t.people[2*i+village] = person{found.ID, issued.Compact}
		}
	}
	return nil
}

// idNumber gives a valid number by the weights that GB 11643 prints.
func idNumber(serial int) string {
	digits := fmt.Sprintf("37012619800101%03d", serial)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

// openCase makes the accounts that asking takes, and a case that allows it.
func (t *town) openCase(ctx context.Context, admin *caller) error {
	accounts := map[string]*caller{}
	for _, role := range []string{"medic", "leader", "tracer"} {
		password := "secret of the " + role
		err := admin.call(ctx, http.MethodPut, "/v1/staff/"+role, object{
			"login": role, "name": role, "role": role, "grid": "XS", "password": password,
		}, nil)
		if err != nil {
			return err
		}
		if accounts[role], err = signIn(ctx, admin.base, role, password); err != nil {
			return err
		}
	}
	var opened struct{ Code string }
	err := accounts["medic"].call(ctx, http.MethodPost, "/v1/cases", object{"kind": "other", "title": why}, &opened)
	if err != nil {
		return err
	}
	t.kase, t.tracer = opened.Code, accounts["tracer"].token
	path := "/v1/cases/" + t.kase + "/lifts"
	err = accounts["tracer"].call(ctx, http.MethodPost, path, object{
		"people": 5000, "days": 61, "hops": 2, "reason": why, "until": wireTime(time.Now().Add(24 * time.Hour).UnixMilli()),
	}, nil)
	if err != nil {
		return err
	}
	return accounts["leader"].call(ctx, http.MethodPost, path+"/0/approve", object{}, nil)
}

// copyInto lays copies of the town's folders into dir.
func (t *town) copyInto(dir string) (redis, data string, err error) {
	redis, data = filepath.Join(dir, "redis"), filepath.Join(dir, "data")
	return redis, data, errors.Join(copyFolder(t.redis, redis), copyFolder(t.data, data))
}

// copyFolder copies a folder with the modes of its files: others may not read keys.
func copyFolder(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w %s", from, err, out)
	}
	return nil
}

func wireTime(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
