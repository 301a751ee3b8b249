package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is two folders up; deploy/check has built the program there.
func repository(t *testing.T) (root string, p *program) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = askProgram(filepath.Join(root, "bin", "passgate")); err != nil {
		t.Fatalf("%v\nbuild it first: go build -o bin/passgate ./cmd/passgate", err)
	}
	return root, p
}

func TestWhatIsInstalledIsInOrder(t *testing.T) {
	t.Parallel()
	root, p := repository(t)
	for _, finding := range all(root, "", p) {
		t.Error(finding)
	}
}

// Each row plants one mistake in a copy and has to be found for it.
func TestAPlantedMistakeIsFound(t *testing.T) {
	t.Parallel()
	root, p := repository(t)
	for name, c := range map[string]struct{ file, old, new, finds string }{
		"an image without a version":      {"compose.yml", "caddy:2.10.0-alpine", "caddy:latest", "image caddy:latest"},
		"a base image without one":        {"Dockerfile", "golang:1.26.8-trixie", "golang:trixie", "image golang:trixie"},
		"another compiler than go.mod's":  {"Dockerfile", "golang:1.26.8-trixie", "golang:1.25.1-trixie", "not the version of go.mod"},
		"a copy of what is not there":     {"Dockerfile", "COPY go.mod go.sum ./", "COPY go.mod go.work ./", "go.work is not there"},
		"another port in the image":       {"Dockerfile", "EXPOSE 8080", "EXPOSE 8081", "EXPOSE [8081"},
		"a flag that is not there":        {"systemd/passgate.service", "passgate serve", "passgate serve --adr :80", "no flag --adr"},
		"a verb that is not there":        {"Dockerfile", `["/passgate", "health"]`, `["/passgate", "healthy"]`, "passgate healthy"},
		"a setting that is not there":     {"systemd/passgate.env.example", "PASSGATE_RETENTION", "PASSGATE_RETENTOIN", "no setting PASSGATE_RETENTOIN"},
		"a password in the environment":   {"compose.yml", "GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/grafana-password", "GF_SECURITY_ADMIN_PASSWORD: admin", "where docker inspect shows it"},
		"a password":                      {"systemd/passgate.env.example", "PASSGATE_REDIS=managed", "PASSGATE_REDIS=redis://passgate:hunter22@redis:6379", "a password in a URL"},
		"a key":                           {"kubernetes/base/settings.env", "PASSGATE_DRAIN=10s", "K=" + strings.Repeat("0f", 32), "a key of 32 bytes"},
		"two versions of the store":       {"compose.cluster.yml", "valkey:8.1.3-", "valkey:8.0.1-", "but compose.yml has"},
		"a slip in compose":               {"compose.yml", "read_only: true", "readonly: true", "readonly"},
		"a writable root":                 {"compose.yml", "  read_only: true\n", "", "its root is not read_only"},
		"a service without limits":        {"compose.yml", "limits: {cpus: \"0.5\", memory: 256M, pids: 512}", "limits: {cpus: \"0.5\"}", "limits of cpus, memory and pids"},
		"a service as root":               {"compose.yml", "    user: \"65534:65534\"\n", "", "it runs as root"},
		"a door to everybody":             {"compose.yml", "127.0.0.1:3000:3000", "3000:3000", "port 3000 is open to everybody"},
		"two gateways on one disk":        {"compose.yml", "gateway-2:/data", "gateway-1:/data", "its disk"},
		"a second archive":                {"compose.yml", "    profiles: [two]\n    environment:\n", "    profiles: [two]\n    environment:\n      PASSGATE_ARCHIVE: /data/archive\n", "2 gateways archive"},
		"a proxy that is not the front's": {"compose.yml", "PASSGATE_TRUSTED_PROXIES: 10.231.8.0/24", "PASSGATE_TRUSTED_PROXIES: 10.0.0.0/8", "not the front's network"},
		"a mount of what is not there":    {"compose.cluster.yml", "./redis-cluster:/", "./redis-make:/", "redis-make, which is not there"},
		"a text where a file has to be":   {"compose.yml", "{file: ./prometheus/prometheus.yml}", "{content: none}", "read_only root"},
		"a config in a read-only mount":   {"compose.yml", "/etc/prometheus/rules:ro", "/etc/prometheus:ro", "mounted to be read only"},
		"a gateway nobody watches":        {"compose.cluster.yml", "two-gateways.yml", "one-gateway.yml", "Prometheus does not ask"},
		"a gateway by any of its names":   {"compose.yml", "gateway-1.front:8080", "gateway-1:8080", "lacks gateway-1.front:8080"},
		"a name without its network":      {"compose.yml", "[gateway-2.front]", "[gateway-2]", "it needs the alias"},
		"a scaler that takes away":        {"kubernetes/base/gates/scaling.yaml", "{selectPolicy: Disabled}", "{selectPolicy: Min}", "owes Redis scans"},
		"a field that the API lacks":      {"kubernetes/gateway/gateway.yaml", "failureThreshold: 150", "failureTreshold: 150", "failureTreshold"},
		"a pod as root":                   {"kubernetes/gateway/gateway.yaml", "        runAsNonRoot: true\n", "", "it may run as root"},
		"no probe":                        {"kubernetes/gateway/gateway.yaml", "          livenessProbe:\n            httpGet: {path: /healthz, port: http}\n            periodSeconds: 10\n            timeoutSeconds: 5\n            failureThreshold: 6\n", "", "liveness probes"},
		"no limits":                       {"kubernetes/overlays/redis-cluster/job.yaml", "            limits: {cpu: 500m, memory: 64Mi}\n", "", "limits of cpu and memory"},
		"an end too soon":                 {"kubernetes/base/settings.env", "PASSGATE_DRAIN=10s", "PASSGATE_DRAIN=45s", "the program takes up to"},
		"a drain nobody notices":          {"kubernetes/base/settings.env", "PASSGATE_DRAIN=10s", "PASSGATE_DRAIN=3s", "readiness is noticed after"},
		"a pod without a policy":          {"kubernetes/overlays/redis-cluster/networkpolicies.yaml", "matchLabels: {app.kubernetes.io/name: redis-cluster}\n  policyTypes", "matchLabels: {app.kubernetes.io/name: rediscluster}\n  policyTypes", "no NetworkPolicy is about it"},
		"nothing is denied":               {"kubernetes/base/networkpolicies.yaml", "policyTypes: [Ingress, Egress]\n---\n# Names", "policyTypes: [Ingress]\n---\n# Names", "denies everything"},
		"a secret of nobody":              {"kubernetes/prepare", "object secret generic redis-admin ", "object secret generic redis-admins ", "redis-admin is made by nobody"},
		"a file of no volume":             {"kubernetes/base/settings.env", "redis/redis-url", "store/redis-url", "where no secret is mounted"},
		"a service of no pod":             {"kubernetes/base/service.yaml", "selector: {app.kubernetes.io/name: passgate}", "selector: {app: passgate}", "it selects no pod"},
		"another port of the pod":         {"kubernetes/gateway/gateway.yaml", "containerPort: 9464", "containerPort: 9090", "the program listens on"},
		"no budget":                       {"kubernetes/base/disruption.yaml", "matchLabels: {app.kubernetes.io/name: passgate}", "matchLabels: {app.kubernetes.io/name: gateway}", "PodDisruptionBudgets"},
		"two archives":                    {"kubernetes/base/archive/kustomization.yaml", "replicas: 1", "replicas: 2", "2 gateways archive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copied := t.TempDir()
			for _, part := range []string{"deploy", "go.mod", "go.sum"} {
				if out, err := exec.Command("cp", "-r", filepath.Join(root, part), copied).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			if err := os.Mkdir(filepath.Join(copied, "gateway"), 0o700); err != nil { // what the image's file copies
				t.Fatal(err)
			}
			path := filepath.Join(copied, "deploy", c.file)
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), c.old) {
				t.Fatalf("%s holds no %q (%v)", c.file, c.old, err)
			}
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), c.old, c.new)), 0o600); err != nil {
				t.Fatal(err)
			}
			found := all(copied, c.file, p)
			if !strings.Contains(strings.Join(found, "\n"), c.finds) {
				t.Errorf("%q is not among what was found: %q", c.finds, found)
			}
		})
	}
}
