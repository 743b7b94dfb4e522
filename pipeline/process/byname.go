package process

import (
	"slices"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// namesOf returns the names that a pipeline's destinations ask for before anything else, if nobody sees events of other names: it has no transforms,
// and every destination asks for names.
func namesOf(p *Pipeline) (names []string) {
	if len(p.Chain) > 0 || p.Watch != nil {
		return nil
	}
	for i := range p.Routes {
		when, _ := p.Routes[i].When.(Named)
		if when == nil || len(when.Names()) == 0 {
			return nil
		}
		names = append(names, when.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// byName does what event does with every event of the frame in hand, and looks only at those that have one of the names. It reports false, and has
// done nothing, when that is not all that there is to do.
func (l *laneWorker) byName(frame bus.Frame, repeated []bool, erasures *bus.Erasures) bool {
	if len(l.names) == 0 || repeated != nil || l.frame.Destination != "" {
		return false
	}
	s := frame.Summary()
	if s.Largest > l.stage.bus.MaxEvent() || erasures.Any(s.Oldest) {
		return false
	}
	n := int64(len(frame.Events))
	l.tally.in += n
	l.tally.passed += n
	l.tally.out += n
	l.chosen = l.chosen[:0]
	for _, name := range l.names {
		l.chosen = s.Named(l.chosen, name)
	}
	slices.Sort(l.chosen)
	for _, i := range l.chosen {
		l.places.now = i
		l.route(&frame.Events[i])
	}
	return true
}
