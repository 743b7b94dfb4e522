package books

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Books are the accounts. They are written down as JSON.
type Books struct {
	Since     time.Time            `json:"since"`
	Journal   uint64               `json:"journal"` // the last record that is in them
	Log       uint64               `json:"log"`     // the last captured frame that is in them
	Lost      int64                `json:"lost"`    // records that could not be stored, or were removed too early
	Pipelines map[string]*Pipeline `json:"pipelines"`

	recent map[laneOf]*recent
	worked map[laneOf]*worked // lanes of pipelines
}

// Pipeline is the account of one pipeline.
type Pipeline struct {
	Lanes        map[int]*Lane           `json:"lanes"`
	Destinations map[string]*Destination `json:"destinations"`
	Redone       int64                   `json:"redone,omitempty"` // frames that came to something else when they were worked again
}

// Lane is where a pipeline stands in a lane of the log.
type Lane struct {
	Created  time.Time `json:"created"`  // when the pipeline was given its place
	Begun    uint64    `json:"begun"`    // what is behind this sequence belongs to it
	Done     uint64    `json:"done"`     // the last frame of which there is a record
	Accepted int64     `json:"accepted"` // events that belong to it
	In       int64     `json:"in"`       // of these, processed
}

// Destination is the account of one destination: In + Made = Copies + Filtered + Refused, and Brought + Copies = Delivered + Dead + those that
// wait.
type Destination struct {
	In       int64            `json:"in"`       // captured events that the pipeline processed
	Made     int64            `json:"made"`     // by transforms that made several of one
	Filtered map[string]int64 `json:"filtered"` // by transform, or When
	Refused  map[string]int64 `json:"refused"`  // dead letters of the pipeline and of the condition, by class
	Copies   int64            `json:"copies"`   // handed on to the destination

	Brought   int64            `json:"brought"` // that waited before the account was opened
	Delivered int64            `json:"delivered"`
	Dead      map[string]int64 `json:"dead"` // by class
}

// When stands among the filters for the destination's condition. No transform has that name, for names begin with a letter.
const When = "(when)"

// New are accounts without an entry.
func New(now time.Time) *Books {
	return &Books{Since: now, Pipelines: map[string]*Pipeline{}}
}

// Waiting is how many accepted events are not processed.
func (p *Pipeline) Waiting() int64 {
	var n int64
	for _, l := range p.Lanes {
		n += l.Accepted - l.In
	}
	return n
}

// Waiting is how many events are handed on and neither delivered nor dead.
func (d *Destination) Waiting() int64 { return d.Brought + d.Copies - d.Delivered - sum(d.Dead) }

func sum(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// pipeline returns the account of a pipeline, which it opens.
func (b *Books) pipeline(name string) *Pipeline {
	p := b.Pipelines[name]
	if p == nil {
		p = &Pipeline{Lanes: map[int]*Lane{}, Destinations: map[string]*Destination{}}
		b.Pipelines[name] = p
	}
	return p
}

// lane returns the account of a place when there is one.
func (b *Books) lane(pipeline string, lane int) *Lane {
	if p := b.Pipelines[pipeline]; p != nil {
		return p.Lanes[lane]
	}
	return nil
}

func (b *Books) destination(pipeline, name string) *Destination {
	if p := b.Pipelines[pipeline]; p != nil {
		return p.Destinations[name]
	}
	return nil
}

func (p *Pipeline) open(destination string, waiting int) {
	if p.Destinations[destination] == nil {
		p.Destinations[destination] = &Destination{
			Brought: int64(waiting), Filtered: map[string]int64{}, Refused: map[string]int64{}, Dead: map[string]int64{},
		}
	}
}

// News reports whether a place has no account yet: the pipeline is new, or has come back after it was forgotten.
func (b *Books) News(p bus.Place) bool {
	l := b.lane(p.Pipeline, p.Lane)
	return l == nil || !l.Created.Equal(p.Created)
}

// Begin opens the account of a place. missed are the events behind it that Count has passed already. What was accepted for a pipeline that has
// come back after it was forgotten is settled: only one that nothing waits for is forgotten.
func (b *Books) Begin(p bus.Place, missed int64) {
	l := b.lane(p.Pipeline, p.Lane)
	if l == nil {
		l = &Lane{}
		b.pipeline(p.Pipeline).Lanes[p.Lane] = l
	}
	l.Created, l.Begun, l.Done = p.Created, p.Done, p.Done
	l.Accepted = l.In + missed
}

// Count enters a captured frame.
func (b *Books) Count(f bus.LogCount) {
	b.Log = f.Sequence
	for _, p := range b.Pipelines {
		if l := p.Lanes[f.Lane]; l != nil && f.Sequence > l.Begun {
			l.Accepted += int64(f.Events)
		}
	}
}
