package checks

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

// checkCompose loads each system of containers as docker compose does, with all
// profiles, and holds every service to our rules.
func checkCompose(dir string, p *program, f *findings) {
	for _, names := range [][]string{{"compose.yml"}, {"compose.yml", "compose.cluster.yml"}} {
		var paths []string
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, name))
		}
		where := strings.Join(names, "+")
		project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
			WorkingDir: dir, ConfigFiles: types.ToConfigFiles(paths), Environment: types.Mapping{"PASSGATE_SECRETS": "/secrets"},
		}, func(o *loader.Options) {
			o.SetProjectName("passgate", true)
			o.Profiles = []string{"*"}
		})
		if err != nil {
			f.add(where, "%v", err)
			continue
		}
		archives := 0
		disks := map[string]string{}
		for _, s := range project.Services {
			at := where + ": " + s.Name
			checkService(at, &s, f)
			checkMounts(at, &s, f)
			checkConfigs(at, &s, project.Configs, f)
			if s.Build == nil {
				continue
			}
			if len(s.Command) > 0 {
				p.checkCommand(at, s.Command, f)
			} else if disk := diskOf(&s); disks[disk] != "" {
				f.add(at, "its disk %s is that of %s, too", disk, disks[disk])
			} else {
				disks[disk] = s.Name
			}
			if s.Environment["PASSGATE_ARCHIVE"] != nil && len(s.Command) == 0 {
				archives++
			}
		}
		if archives != 1 {
			f.add(where, "%d gateways archive, it has to be one", archives)
		}
		checkFront(where, project, p, f)
		for name, secret := range project.Secrets {
			if secret.File != "/secrets/"+name {
				f.add(where, "secret %s: %q is no file of PASSGATE_SECRETS", name, secret.File)
			}
		}
	}
}

// checkService holds for each container.
func checkService(at string, s *types.ServiceConfig, f *findings) {
	job := s.Restart == "no"
	must := func(ok bool, format string, args ...any) {
		if !ok {
			f.add(at, format, args...)
		}
	}
	checkPinned(at, s.Image, f)
	must(s.ReadOnly, "its root is not read_only")
	must(slices.Equal(s.CapDrop, []string{"ALL"}), "cap_drop: [ALL] is missing")
	must(slices.Contains(s.SecurityOpt, "no-new-privileges:true"), "security_opt no-new-privileges:true is missing")
	must(!s.Privileged, "it is privileged")
	root := s.User == "" && s.Build == nil || strings.HasPrefix(s.User, "0") || s.User == "root"
	must(!root || job && s.NetworkMode == "none", "it runs as root")
	must(s.Restart != "", "restart is missing")
	must(job || s.Build != nil || s.HealthCheck != nil && !s.HealthCheck.Disable, "healthcheck is missing")
	must(s.Deploy != nil && s.Deploy.Resources.Limits != nil && s.Deploy.Resources.Limits.MemoryBytes > 0 && s.Deploy.Resources.Limits.NanoCPUs > 0 &&
		s.Deploy.Resources.Limits.Pids > 0, "limits of cpus, memory and pids are missing")
	_, public := s.Networks["out"]
	must(!public || !strings.HasPrefix(s.Name, "redis"), "Redis is on a network with a way out")
	for _, port := range s.Ports {
		must(s.Name == "front" || port.HostIP == "127.0.0.1", "port %s is open to everybody", port.Published)
	}
	for name, value := range s.Environment {
		if secret := strings.HasSuffix(name, "PASSWORD") || strings.HasSuffix(name, "_KEY"); secret && value != nil && *value != "" {
			f.add(at, "%s is in the environment, where docker inspect shows it: give a file", name)
		}
	}
	must(s.Environment["PASSGATE_REDIS"] == nil, "PASSGATE_REDIS has a password: give PASSGATE_REDIS_FILE")
}

// checkMounts finds files of the repository that are not there.
func checkMounts(at string, s *types.ServiceConfig, f *findings) {
	for _, v := range s.Volumes {
		if v.Type != types.VolumeTypeBind {
			continue
		}
		if _, err := os.Stat(v.Source); err != nil {
			f.add(at, "it mounts %s, which is not there", filepath.Base(v.Source))
		}
		if !v.ReadOnly {
			f.add(at, "it may write to %s of the repository", filepath.Base(v.Source))
		}
	}
}

// checkConfigs finds files that cannot be put where the service has them. Compose copies
// a text of its own into the container, which a read-only root refuses; files it mounts.
func checkConfigs(at string, s *types.ServiceConfig, configs types.Configs, f *findings) {
	for _, c := range s.Configs {
		switch config := configs[c.Source]; {
		case config.File == "":
			f.add(at, "config %s has no file: what is given as content cannot be copied into a read_only root", c.Source)
		default:
			if _, err := os.Stat(config.File); err != nil {
				f.add(at, "config %s is %s, which is not there", c.Source, filepath.Base(config.File))
			}
		}
		for _, v := range s.Volumes {
			if v.ReadOnly && strings.HasPrefix(c.Target, strings.TrimSuffix(v.Target, "/")+"/") {
				f.add(at, "config %s is put into %s, which is mounted to be read only", c.Source, v.Target)
			}
		}
	}
}

func diskOf(s *types.ServiceConfig) string {
	for _, v := range s.Volumes {
		if v.Target == "/data" {
			return v.Source
		}
	}
	return "none"
}

// checkFront holds the front's gateways and the watchers' targets to the services
// and ports that are there. The front knows gateways by names of their common network
// alone: by another they may see it come from where they trust nobody.
func checkFront(where string, project *types.Project, p *program, f *findings) {
	front, err := project.GetService("front")
	if err != nil {
		f.add(where, "%v", err)
		return
	}
	gateways := ""
	if v := front.Environment["PASSGATE_GATEWAYS"]; v != nil {
		gateways = *v
	}
	for _, s := range project.Services {
		if s.Build == nil || len(s.Command) > 0 {
			continue
		}
		if at := fmt.Sprintf("%s.front:%d", s.Name, p.port); !slices.Contains(strings.Fields(gateways), at) {
			f.add(where, "the front's PASSGATE_GATEWAYS %q lacks %s", gateways, at)
		}
		for name, network := range s.Networks {
			if has := network != nil && slices.Contains(network.Aliases, s.Name+".front"); has != (name == "front") {
				f.add(where+": "+s.Name, "it needs the alias %s.front in the network front and in no other", s.Name)
			}
		}
	}
	checkTargets(where, project, p, f)
	prefix := ""
	for _, pool := range project.Networks["front"].Ipam.Config {
		prefix = pool.Subnet
	}
	for _, s := range project.Services {
		if v := s.Environment["PASSGATE_TRUSTED_PROXIES"]; v != nil && *v != prefix {
			f.add(where+": "+s.Name, "PASSGATE_TRUSTED_PROXIES %s is not the front's network, %s", *v, prefix)
		}
	}
}

// checkTargets holds Prometheus to every gateway that is started without a profile.
func checkTargets(where string, project *types.Project, p *program, f *findings) {
	text, err := os.ReadFile(project.Configs["targets"].File)
	if err != nil {
		return // checkConfigs has said it
	}
	for _, s := range project.Services {
		if s.Build == nil || len(s.Command) > 0 || len(s.Profiles) > 0 {
			continue
		}
		if at := fmt.Sprintf("%q", s.Name+":"+itoa(p.metrics)); !strings.Contains(string(text), at) {
			f.add(where, "Prometheus does not ask %s, whose metrics are on port %d", at, p.metrics)
		}
	}
}
