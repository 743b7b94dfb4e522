package mask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline"
)

// goMask is a mask written in Go: it takes properties out, and goes wrong in every way that code can.
type goMask struct {
	// Out are the properties that it takes out, by the beginning of their names; "person" makes everybody the same.
	Out []string `yaml:"out"`
	// How is what it does to events in trouble, by the trouble's name; see goTroubles.
	How map[string]string `yaml:"how"`
	// Copies is how many events it makes of one.
	Copies int `yaml:"copies"`
}

var goMaskSpec = pipeline.Spec[pipeline.Transform]{
	Type: "gomask", NewConfig: func() any { return &goMask{Copies: 1} },
	New: func(config any, _ pipeline.Env) (pipeline.Transform, error) { return config.(*goMask), nil },
}

func (m *goMask) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	how := m.How[e.Properties.String("trouble")]
	switch how {
	case "fails":
		return out, errors.New("bad")
	case "fails with the event":
		return out, fmt.Errorf("bad: %s", e.AppendJSON(nil))
	case "fails after appending":
		return append(out, e), errors.New("bad")
	case "panics":
		panic("bad")
	case "panics with the event":
		panic(e)
	case "panics after appending":
		out = append(out, e)
		panic(out)
	case "breaks a rule of the runtime":
		return append(out, out[len(out)+len(e.Name)]), nil
	case "says that its time is over":
		return append(out, e), context.DeadlineExceeded
	}
	masked, err := m.masked(e)
	if err != nil {
		return out, err
	}
	copies := m.Copies
	if strings.Contains(how, "several") {
		copies++
	}
	for i := range copies {
		if i > 0 {
			masked.UUID = uuid.NewString()
		}
		out = append(out, masked)
	}
	if how == "fails after several" {
		return out, errors.New("bad")
	}
	return out, nil
}

func (m *goMask) masked(e pipeline.Event) (pipeline.Event, error) {
	var properties map[string]json.RawMessage
	if err := json.Unmarshal(e.Properties, &properties); err != nil {
		return e, err
	}
	for _, begin := range m.Out {
		if begin == person {
			e.DistinctID = "somebody"
			continue
		}
		maps.DeleteFunc(properties, func(name string, _ json.RawMessage) bool { return strings.HasPrefix(name, begin) })
	}
	text, err := json.Marshal(properties)
	e.Properties = text
	return e, err
}
