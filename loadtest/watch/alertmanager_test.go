package watch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A real Alertmanager tells of the cause and keeps what follows from it to itself; what
// has another cause, or concerns another gateway, is told.
func TestCausesSilenceTheirConsequences(t *testing.T) {
	t.Parallel()
	base := start(t, "prometheus-alertmanager", func(addr string) []string {
		return []string{
			"--config.file=" + filepath.Join(deploy, "alertmanager", "alertmanager.yml"), "--storage.path=" + t.TempDir(),
			"--web.listen-address=" + addr, "--cluster.listen-address=", "--log.level=error",
		}
	})
	type labels map[string]string
	type alert struct {
		Labels labels `json:"labels"`
	}
	told := []alert{
		{labels{"alertname": "PassgateRedisDown", "severity": "page", "server": "0"}},
		{labels{"alertname": "PassgateDiskFull", "severity": "page", "instance": "b", "folder": "data"}},
		{labels{"alertname": "PassgateDiskFilling", "severity": "ticket", "instance": "c", "folder": "data"}},
		{labels{"alertname": "PassgateFeversOverdue", "severity": "page"}},
		{labels{"alertname": "PassgateDown", "severity": "page", "instance": "d"}},
		{labels{"alertname": "PassgateNoScans", "severity": "page"}}, // one gateway of several is not why
	}
	silenced := []alert{
		{labels{"alertname": "PassgateStandby", "severity": "page", "instance": "a"}},
		{labels{"alertname": "PassgateAuditFailing", "severity": "page"}},
		{labels{"alertname": "PassgateDeviceListsStale", "severity": "ticket"}},
		{labels{"alertname": "PassgateDiskFilling", "severity": "ticket", "instance": "b", "folder": "data"}},
	}
	if _, err := call(t.Context(), http.MethodPost, base+"/api/v2/alerts", "", slices.Concat(told, silenced)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, func() error {
		body, err := call(t.Context(), http.MethodGet, base+"/api/v2/alerts?inhibited=false", "", nil)
		if err != nil {
			return err
		}
		var loud []alert
		if err := json.Unmarshal(body, &loud); err != nil {
			return err
		}
		if got, want := texts(loud), texts(told); !slices.Equal(got, want) {
			return fmt.Errorf("told are\n%q, not\n%q", got, want)
		}
		return nil
	})
}

func texts[T any](of []T) (all []string) {
	for _, one := range of {
		all = append(all, fmt.Sprint(one))
	}
	slices.Sort(all)
	return all
}
