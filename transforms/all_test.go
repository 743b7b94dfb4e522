package transforms_test

import (
	"testing"

	"github.com/prickle-dev/prickle/transforms"
)

func TestAll(t *testing.T) {
	seen := map[string]bool{}
	for _, spec := range transforms.All() {
		if spec.Type == "" || spec.Summary == "" || spec.NewConfig == nil || spec.New == nil {
			t.Errorf("%q is not complete", spec.Type)
		}
		if seen[spec.Type] {
			t.Errorf("%q is listed twice", spec.Type)
		}
		seen[spec.Type] = true
		if a, b := spec.NewConfig(), spec.NewConfig(); a == b {
			t.Errorf("%q shares one Config among its instances", spec.Type)
		}
	}
}
