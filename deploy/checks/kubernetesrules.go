package checks

import (
	"path"
	"slices"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// closing is how long the program takes to end after its drain: 15 s for requests
// under way, and what is written then.
const closing = 30 * time.Second

// checkPods holds for each kind of pod.
func (o *objects) checkPods(p *program, prepared map[string]bool, f *findings) {
	for i := range o.pods {
		one := &o.pods[i]
		at := o.where + ": " + one.name
		must := func(ok bool, format string, args ...any) {
			if !ok {
				f.add(at, format, args...)
			}
		}
		sec := one.spec.SecurityContext
		must(sec != nil && sec.RunAsNonRoot != nil && *sec.RunAsNonRoot && sec.RunAsUser != nil && *sec.RunAsUser > 0, "it may run as root")
		must(sec != nil && sec.SeccompProfile != nil && sec.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault, "seccompProfile RuntimeDefault is missing")
		must(one.spec.AutomountServiceAccountToken != nil && !*one.spec.AutomountServiceAccountToken, "it gets a token of the cluster's API")
		must(one.spec.EnableServiceLinks != nil && !*one.spec.EnableServiceLinks, "enableServiceLinks: false is missing")
		must(!one.spec.HostNetwork && !one.spec.HostPID && !one.spec.HostIPC, "it shares the host's network or processes")
		o.checkVolumes(at, one, prepared, f)
		for j := range one.spec.Containers {
			o.checkContainer(at, &one.spec.Containers[j], one, p, f)
		}
	}
}

func (o *objects) checkContainer(at string, c *corev1.Container, one *pod, p *program, f *findings) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			f.add(at, format, args...)
		}
	}
	checkPinned(at, c.Image, f)
	sec := c.SecurityContext
	must(sec != nil && sec.AllowPrivilegeEscalation != nil && !*sec.AllowPrivilegeEscalation, "allowPrivilegeEscalation: false is missing")
	must(sec != nil && sec.ReadOnlyRootFilesystem != nil && *sec.ReadOnlyRootFilesystem, "readOnlyRootFilesystem is missing")
	must(sec != nil && sec.Capabilities != nil && slices.Equal(sec.Capabilities.Drop, []corev1.Capability{"ALL"}), "capabilities: {drop: [ALL]} is missing")
	must(!c.Resources.Limits.Memory().IsZero() && !c.Resources.Limits.Cpu().IsZero(), "limits of cpu and memory are missing")
	must(!c.Resources.Requests.Memory().IsZero() && !c.Resources.Requests.Cpu().IsZero(), "requests of cpu and memory are missing")
	if one.set != nil {
		must(c.StartupProbe != nil && c.ReadinessProbe != nil && c.LivenessProbe != nil, "it needs startup, readiness and liveness probes")
	}
	for _, m := range c.VolumeMounts {
		claims := one.set != nil && len(one.set.Spec.VolumeClaimTemplates) > 0 && one.set.Spec.VolumeClaimTemplates[0].Name == m.Name
		must(claims || slices.ContainsFunc(one.spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name }), "it mounts %s, which is no volume", m.Name)
	}
	for _, from := range c.EnvFrom {
		if ref := from.ConfigMapRef; ref != nil {
			must(o.settings[ref.Name] != nil, "its settings are %s, which is not there", ref.Name)
		}
	}
	if !ours(c) {
		return
	}
	if len(c.Args) > 0 {
		p.checkCommand(at, c.Args, f)
		return
	}
	must(hasPort(c, "http", p.port) && hasPort(c, "metrics", p.metrics), "the program listens on %d and %d", p.port, p.metrics)
	must(strings.HasSuffix(o.setting(c, "PASSGATE_METRICS_ADDR"), ":"+itoa(p.metrics)), "PASSGATE_METRICS_ADDR is not on port %d", p.metrics)
	drain, err := time.ParseDuration(o.setting(c, "PASSGATE_DRAIN"))
	must(err == nil, "PASSGATE_DRAIN: %v", err)
	if grace := one.spec.TerminationGracePeriodSeconds; grace != nil {
		must(time.Duration(*grace)*time.Second >= drain+closing, "terminationGracePeriodSeconds %d: the program takes up to %s", *grace, drain+closing)
	} else {
		must(false, "terminationGracePeriodSeconds is missing")
	}
	if ready := c.ReadinessProbe; ready != nil && ready.HTTPGet != nil {
		must(ready.HTTPGet.Path == "/readyz", "its readiness is asked of %s", ready.HTTPGet.Path)
		noticed := time.Duration(max(1, ready.PeriodSeconds)*max(1, ready.FailureThreshold)) * time.Second
		must(noticed < drain, "readiness is noticed after %s, but it goes on for %s only", noticed, drain)
	}
	o.checkSecretFiles(at, c, one, f)
}

// checkSecretFiles finds variables that name a file which no volume brings.
func (o *objects) checkSecretFiles(at string, c *corev1.Container, one *pod, f *findings) {
	for _, settings := range o.settings {
		for name, file := range settings {
			if !ofFile.MatchString(name) {
				continue
			}
			dir := path.Dir(file)
			mounted := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
				return m.MountPath == dir && slices.ContainsFunc(one.spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name && v.Secret != nil })
			})
			if !mounted {
				f.add(at, "%s is %s, where no secret is mounted", name, file)
			}
		}
	}
	for _, e := range c.Env {
		if e.Value != "" && (strings.HasSuffix(e.Name, "_KEY") || strings.HasSuffix(e.Name, "PASSWORD") || e.Name == "PASSGATE_REDIS") {
			f.add(at, "%s is a secret in the manifest", e.Name)
		}
	}
}

// checkVolumes finds secrets and settings that neither the overlay nor prepare makes,
// and files that others than user and group may read.
func (o *objects) checkVolumes(at string, one *pod, prepared map[string]bool, f *findings) {
	for _, v := range one.spec.Volumes {
		switch {
		case v.Secret != nil:
			if !prepared[v.Secret.SecretName] {
				f.add(at, "the secret %s is made by nobody", v.Secret.SecretName)
			}
			if v.Secret.DefaultMode == nil || *v.Secret.DefaultMode&0o007 != 0 {
				f.add(at, "the secret %s is for everybody to read: defaultMode 0440", v.Secret.SecretName)
			}
		case v.ConfigMap != nil:
			if !prepared[v.ConfigMap.Name] && o.settings[v.ConfigMap.Name] == nil {
				f.add(at, "the ConfigMap %s is made by nobody", v.ConfigMap.Name)
			}
		case v.PersistentVolumeClaim == nil && v.EmptyDir == nil:
			f.add(at, "the volume %s is of a kind that is not allowed here", v.Name)
		}
	}
}

// checkNetwork holds for services, ingress and policies.
func (o *objects) checkNetwork(f *findings) {
	for _, s := range o.services {
		at := o.where + ": Service " + s.Name
		chosen := o.chosen(s.Spec.Selector)
		if len(chosen) == 0 {
			f.add(at, "it selects no pod")
		}
		for _, port := range s.Spec.Ports {
			for _, one := range o.pods {
				named := func(p corev1.ContainerPort) bool { return p.Name == port.TargetPort.String() }
				if slices.Contains(chosen, one.name) && !slices.ContainsFunc(one.spec.Containers[0].Ports, named) {
					f.add(at, "%s has no port %s", one.name, port.TargetPort.String())
				}
			}
		}
	}
	for _, in := range o.ingress {
		for _, rule := range in.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				if !slices.ContainsFunc(o.services, func(s corev1.Service) bool { return s.Name == p.Backend.Service.Name }) {
					f.add(o.where+": Ingress "+in.Name, "there is no Service %s", p.Backend.Service.Name)
				}
			}
		}
		if len(in.Spec.TLS) == 0 {
			f.add(o.where+": Ingress "+in.Name, "it has no TLS")
		}
	}
	deny := false
	covered := map[string]bool{}
	for _, policy := range o.policies {
		if everything := len(policy.Spec.PodSelector.MatchLabels) == 0; everything {
			none := len(policy.Spec.Ingress) == 0 && len(policy.Spec.Egress) == 0
			deny = deny || none && slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) && slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
			continue
		}
		chosen := o.chosen(policy.Spec.PodSelector.MatchLabels)
		if len(chosen) == 0 {
			f.add(o.where+": NetworkPolicy "+policy.Name, "it selects no pod")
		}
		for _, name := range chosen {
			covered[name] = true
		}
	}
	if !deny {
		f.add(o.where, "no NetworkPolicy denies everything that is not named")
	}
	for _, one := range o.pods {
		if !covered[one.name] {
			f.add(o.where+": "+one.name, "no NetworkPolicy is about it")
		}
	}
}

// checkScale holds for numbers: who scales what, who may be away, who archives.
func (o *objects) checkScale(f *findings) {
	scaled := map[string]bool{}
	for _, h := range o.scalers {
		scaled[h.Spec.ScaleTargetRef.Name] = true
		if h.Spec.MinReplicas == nil || *h.Spec.MinReplicas < 2 {
			f.add(o.where+": HorizontalPodAutoscaler "+h.Name, "with one gateway an upgrade closes the gates: minReplicas 2")
		}
		if b := h.Spec.Behavior; b == nil || b.ScaleDown == nil || b.ScaleDown.SelectPolicy == nil || *b.ScaleDown.SelectPolicy != autoscalingv2.DisabledPolicySelect {
			f.add(o.where+": HorizontalPodAutoscaler "+h.Name, "it may take away a gateway that owes Redis scans: scaleDown: {selectPolicy: Disabled}")
		}
	}
	archives := int32(0)
	for i := range o.pods {
		one := &o.pods[i]
		if one.set == nil {
			continue
		}
		at := o.where + ": " + one.name
		if scaled[one.name] && one.set.Spec.Replicas != nil {
			f.add(at, "replicas is set, and the autoscaler's number is lost by each apply")
		}
		if !selects(one.set.Spec.Selector.MatchLabels, one.labels) {
			f.add(at, "its selector is not that of its pods")
		}
		if !slices.ContainsFunc(o.services, func(s corev1.Service) bool { return s.Name == one.set.Spec.ServiceName }) {
			f.add(at, "there is no Service %s", one.set.Spec.ServiceName)
		}
		budgets := 0
		for _, b := range o.budgets {
			if selects(b.Spec.Selector.MatchLabels, one.labels) {
				budgets++
			}
		}
		if budgets != 1 {
			f.add(at, "%d PodDisruptionBudgets are about it, it has to be one", budgets)
		}
		if c := &one.spec.Containers[0]; ours(c) && o.setting(c, "PASSGATE_ARCHIVE") != "" {
			n := int32(1)
			if one.set.Spec.Replicas != nil {
				n = *one.set.Spec.Replicas
			}
			if scaled[one.name] {
				n = 2
			}
			archives += n
		}
	}
	if archives != 1 {
		f.add(o.where, "%d gateways archive, it has to be one", archives)
	}
	for name := range scaled {
		if !slices.ContainsFunc(o.pods, func(one pod) bool { return one.name == name && one.set != nil }) {
			f.add(o.where, "the autoscaler's %s is not there", name)
		}
	}
}
