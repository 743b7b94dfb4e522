package configs

import (
	"errors"
	"reflect"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// warehouseWord stands for the project's warehouse among a pipeline's destinations.
const warehouseWord = "warehouse"

var insideDestination = []string{"name", "when", "batch", "retry", "order", "breaker"}

// destination reads one item of destinations. names are the names given so far.
func (l *loader) destination(n *node, names map[string]pipeline.Pos) (Destination, bool) {
	kind := componentKind{word: "destination", inside: insideDestination}
	if len(l.opts.Destinations) > 0 {
		kind.known = append([]string{warehouseWord}, l.opts.Destinations...)
	}
	e, _, ok := l.item(n, kind)
	if !ok {
		return Destination{}, false
	}
	d := Destination{Component: l.component(e.name, e.pos, e.value), Name: e.name, Warehouse: e.name == warehouseWord, Order: Relaxed}
	if e.value != nil && e.value.kind == mapping {
		common, own := e.value.split(insideDestination...)
		d.node, d.common = own, insideDestination
		l.common(common, &d)
	}
	if d.Warehouse {
		l.warehouseItem(&d)
	}
	named := d.Pos
	if e.value != nil {
		if name, ok := e.value.find("name"); ok {
			named = name.value.pos
		}
	}
	return d, l.named("destination", d.Name, named) && l.distinct("destination", d.Name, named, names)
}

// warehouseItem takes the word's own part away: what concerns the store itself stands under warehouse: at the top.
func (l *loader) warehouseItem(d *Destination) {
	if n := d.node; n != nil && n.kind == mapping {
		for _, e := range n.entries {
			l.add(e.pos, "unknown key %s", quote(e.name)).Hint = "the warehouse itself is set up by warehouse: at the top of the project"
		}
	} else if n != nil && !n.broken && !n.empty() {
		l.add(n.pos, "want a mapping, got %s", l.mentioned(n)).Hint = "write - warehouse, or - warehouse: {when: …}"
	}
	d.node = nil
}

// common decodes the keys that every destination has.
func (l *loader) common(n *node, d *Destination) {
	var part struct {
		Name    *string       `yaml:"name"`
		When    pipeline.Code `yaml:"when"`
		Batch   batchPart     `yaml:"batch"`
		Retry   retryPart     `yaml:"retry"`
		Order   *node         `yaml:"order"`
		Breaker breakerPart   `yaml:"breaker"`
	}
	l.value(n, reflect.ValueOf(&part).Elem())
	if part.Name != nil {
		d.Name = *part.Name
	}
	d.When = part.When
	d.Batch = part.Batch.value()
	d.Retry = part.Retry.value()
	d.Breaker = part.Breaker.value()
	if part.Order != nil {
		d.Order = oneOf(l, "order", part.Order, Relaxed, Strict)
	}
}

// batchPart tells a zero that was written from none.
type batchPart struct {
	Events *int            `yaml:"events"`
	Bytes  *pipeline.Bytes `yaml:"bytes"`
	Wait   *time.Duration  `yaml:"wait"`
}

func (b *batchPart) value() Batch {
	out := Batch{Wait: b.Wait}
	if b.Events != nil {
		out.Events = *b.Events
	}
	if b.Bytes != nil {
		out.Bytes = *b.Bytes
	}
	return out
}

// Validate is asked by the decoder.
func (b *batchPart) Validate() error {
	var errs []error
	if b.Events != nil && *b.Events < 1 {
		errs = append(errs, errors.New("events must be at least 1"))
	}
	if b.Bytes != nil && *b.Bytes < 1 {
		errs = append(errs, errors.New("bytes must be at least 1"))
	}
	return errors.Join(errs...)
}
