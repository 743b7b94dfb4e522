// Package transforms lists the transforms that a pipeline's configuration can name.
package transforms

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/bots"
	"github.com/prickle-dev/prickle/transforms/drop"
	"github.com/prickle-dev/prickle/transforms/filter"
	"github.com/prickle-dev/prickle/transforms/geoip"
	"github.com/prickle-dev/prickle/transforms/hash"
	"github.com/prickle-dev/prickle/transforms/hog"
	"github.com/prickle-dev/prickle/transforms/mapset"
	"github.com/prickle-dev/prickle/transforms/useragent"
)

// All returns the specs of all transforms in the order of the documentation. Adding a transform is one folder and one line here.
func All() []pipeline.Spec[pipeline.Transform] {
	return []pipeline.Spec[pipeline.Transform]{
		filter.Spec,
		mapset.Spec,
		drop.Spec,
		hash.Spec,
		bots.Spec,
		useragent.Spec,
		geoip.Spec,
		hog.Spec,
	}
}
