// Package sources lists the sources that the configuration can name.
package sources

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/sources/stripe"
)

// All returns the specs of all sources in the order of the documentation. Adding a source is one folder and one line here.
func All() []pipeline.Spec[pipeline.Source] {
	return []pipeline.Spec[pipeline.Source]{
		stripe.Spec,
	}
}
