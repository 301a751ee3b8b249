package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// pod is one kind of pod of a rendered overlay.
type pod struct {
	name   string
	labels map[string]string
	spec   corev1.PodSpec
	set    *appsv1.StatefulSet // nil for a job
}

// objects are those of a rendered overlay.
type objects struct {
	where    string
	pods     []pod
	settings map[string]map[string]string // ConfigMaps by name
	services []corev1.Service
	ingress  []networkingv1.Ingress
	policies []networkingv1.NetworkPolicy
	budgets  []policyv1.PodDisruptionBudget
	scalers  []autoscalingv2.HorizontalPodAutoscaler
}

// checkKubernetes renders every overlay as kubectl does, bare and with every
// component, reads each object into the API's own type, in which a field that is not
// there is an error, and holds what it finds to our rules.
func checkKubernetes(dir string, p *program, f *findings) {
	text, err := os.ReadFile(filepath.Join(dir, "kubernetes", "prepare"))
	if err != nil {
		f.add("kubernetes", "%v", err)
		return
	}
	prepared := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^object (secret generic|configmap) (\S+)`).FindAllStringSubmatch(string(text), -1) {
		prepared[found[2]] = true
	}
	overlays, err := filepath.Glob(filepath.Join(dir, "kubernetes", "overlays", "*"))
	if err != nil || len(overlays) == 0 {
		f.add("kubernetes/overlays", "there are none (%v)", err)
	}
	components, _ := filepath.Glob(filepath.Join(dir, "kubernetes", "components", "*"))
	for _, overlay := range overlays {
		for _, with := range [][]string{nil, components} {
			where := filepath.Base(overlay)
			if with != nil {
				where += " with components"
			}
			o := objects{where: where, settings: map[string]map[string]string{}}
			o.render(overlay, with, f)
			o.checkPods(p, prepared, f)
			o.checkNetwork(f)
			o.checkScale(f)
		}
	}
}

// render reads the objects of an overlay with some components.
func (o *objects) render(overlay string, components []string, f *findings) {
	disk := filesys.MakeFsOnDisk()
	root := overlay
	if components != nil {
		// Outside the tree, which others may be copying; kustomize takes
		// relative paths only.
		temp, err := os.MkdirTemp("", "checked-")
		if err != nil {
			f.add(o.where, "%v", err)
			return
		}
		defer func() { _ = os.RemoveAll(temp) }()
		text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: passgate\nresources:\n  - " + relative(temp, overlay) + "\ncomponents:\n"
		for _, c := range components {
			text += "  - " + relative(temp, c) + "\n"
		}
		if err := os.WriteFile(filepath.Join(temp, "kustomization.yaml"), []byte(text), 0o600); err != nil {
			f.add(o.where, "%v", err)
			return
		}
		root = temp
	}
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, root)
	if err != nil {
		f.add(o.where, "%v", err)
		return
	}
	for _, r := range rendered.Resources() {
		text, err := r.AsYAML()
		if err == nil {
			err = o.take(r.GetGvk().ApiVersion(), r.GetKind(), text)
		}
		at := o.where + ": " + r.GetKind() + " " + r.GetName()
		if err != nil {
			f.add(at, "%v", err)
		}
		if ns := r.GetNamespace(); ns != "passgate" && r.GetKind() != "Namespace" {
			f.add(at, "it is in the namespace %q", ns)
		}
	}
}

// relative is the way to path from the folder base; a link on either would
// lead elsewhere, and kustomize says so of a folder it does not find.
func relative(base, path string) string {
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	way, err := filepath.Rel(base, path)
	if err != nil {
		return path
	}
	return way
}

// take reads one object strictly.
func (o *objects) take(version, kind string, text []byte) error {
	switch version + " " + kind {
	case "apps/v1 StatefulSet":
		s, err := strict[appsv1.StatefulSet](text)
		o.pods = append(o.pods, pod{s.Name, s.Spec.Template.Labels, s.Spec.Template.Spec, &s})
		return err
	case "batch/v1 Job":
		j, err := strict[batchv1.Job](text)
		o.pods = append(o.pods, pod{j.Name, j.Spec.Template.Labels, j.Spec.Template.Spec, nil})
		return err
	case "batch/v1 CronJob":
		j, err := strict[batchv1.CronJob](text)
		t := j.Spec.JobTemplate.Spec.Template
		o.pods = append(o.pods, pod{j.Name, t.Labels, t.Spec, nil})
		return err
	case "v1 ConfigMap":
		c, err := strict[corev1.ConfigMap](text)
		o.settings[c.Name] = c.Data
		return err
	case "v1 Service":
		return keep(text, &o.services)
	case "networking.k8s.io/v1 Ingress":
		return keep(text, &o.ingress)
	case "networking.k8s.io/v1 NetworkPolicy":
		return keep(text, &o.policies)
	case "policy/v1 PodDisruptionBudget":
		return keep(text, &o.budgets)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return keep(text, &o.scalers)
	case "v1 Namespace":
		n, err := strict[corev1.Namespace](text)
		if err == nil && n.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
			err = fmt.Errorf("it does not enforce the restricted pod security standard")
		}
		return err
	case "v1 PersistentVolumeClaim":
		_, err := strict[corev1.PersistentVolumeClaim](text)
		return err
	case "monitoring.coreos.com/v1 PodMonitor": // of the operator, not of the API
		_, err := strict[podMonitor](text)
		return err
	}
	return fmt.Errorf("%s %s: deploy/checks does not know this kind", version, kind)
}

// podMonitor is as much of it as is used here.
type podMonitor struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       struct {
		JobLabel            string         `json:"jobLabel"`
		Selector            map[string]any `json:"selector"`
		PodMetricsEndpoints []struct {
			Port     string `json:"port"`
			Path     string `json:"path"`
			Interval string `json:"interval"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

func strict[T any](text []byte) (T, error) {
	var object T
	err := yaml.UnmarshalStrict(text, &object)
	return object, err
}

func keep[T any](text []byte, into *[]T) error {
	object, err := strict[T](text)
	*into = append(*into, object)
	return err
}

// selects says whether a selector of labels means these.
func selects(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// chosen are the names of the pods that a selector means.
func (o *objects) chosen(selector map[string]string) (names []string) {
	for _, p := range o.pods {
		if selects(selector, p.labels) {
			names = append(names, p.name)
		}
	}
	return names
}

// setting is what a container has in its environment.
func (o *objects) setting(c *corev1.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil {
			if v := o.settings[from.ConfigMapRef.Name][name]; v != "" {
				return v
			}
		}
	}
	return ""
}

// ours says whether a container runs the program.
func ours(c *corev1.Container) bool { return strings.Contains(c.Image, "passgate") }

func hasPort(c *corev1.Container, name string, port int) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name && int(p.ContainerPort) == port })
}
