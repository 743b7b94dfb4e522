package destinations_test

import (
	"testing"

	"github.com/prickle-dev/prickle/destinations"
)

func TestAll(t *testing.T) {
	seen := map[string]bool{}
	check := func(name, summary string, newConfig func() any, complete bool) {
		if name == "" || summary == "" || !complete {
			t.Errorf("%q is not complete", name)
		}
		if seen[name] {
			t.Errorf("%q is listed twice", name)
		}
		seen[name] = true
		if a, b := newConfig(), newConfig(); a == b {
			t.Errorf("%q shares one Config among its instances", name)
		}
	}
	for _, spec := range destinations.All() {
		check(spec.Type, spec.Summary, spec.NewConfig, spec.New != nil && spec.Batch.Events > 0)
	}
	all := seen
	seen = map[string]bool{}
	for _, spec := range destinations.Warehouses() {
		if !all[spec.Type] {
			t.Errorf("%q is no destination", spec.Type)
		}
		check(spec.Type, spec.Summary, spec.NewConfig, spec.New != nil && spec.Batch.Events > 0)
	}
}
