package exprs

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Draft is an event that is looked at and changed in several steps, whose properties are taken apart once for all of them. It belongs to one
// goroutine. The zero value is ready for Begin.
type Draft struct {
	event      *pipeline.Event
	properties rawjson.Draft
}

// Begin begins the work on an event. Until End its Properties are those from before.
func (d *Draft) Begin(e *pipeline.Event) {
	d.event = e
	d.properties.Parse(e.Properties)
}

// End gives the event its properties and lets go of it.
func (d *Draft) End() {
	d.event.Properties = d.properties.Text()
	d.event = nil
	d.properties.Forget()
}

// JSON is Value.JSON of the event as it is now.
func (d *Draft) JSON(v *Value) ([]byte, error) { return v.json(d) }

// Event is the event, for the fields that are not properties.
func (d *Draft) Event() *pipeline.Event { return d.event }

// Set is as that of pipeline.Properties. A path has at least one name.
func (d *Draft) Set(value []byte, path ...string) { d.properties.Set(value, path...) }

// Delete is as that of pipeline.Properties. A path has at least one name.
func (d *Draft) Delete(path ...string) { d.properties.Delete(path...) }
