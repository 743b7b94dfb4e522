package bench

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	routes    = 10 // pipelines
	perRoute  = 3  // destinations in each
	eventKind = 100
)

// routing is conditions alone: no transform, and each of thirty destinations wants one event in a hundred.
var routing = Case{
	Name: "routing", Summary: "10 pipelines, 30 destinations, 1% of the events for each, by conditions alone",
	defaults: Options{For: time.Minute, Batch: 100, Connections: 16},
	prepare: func(s *stand) string {
		for i := range eventKind {
			s.gen.names = append(s.gen.names, fmt.Sprintf("kind %02d", i))
		}
		text := "pipelines:"
		for p := range routes {
			var destinations []string
			for d := range perRoute {
				kind := p*perRoute + d
				r := s.receive(fmt.Sprintf("d%02d", kind), func(i int) bool { return s.gen.choice(i) == kind })
				destinations = append(destinations, r.arrays(full, fmt.Sprintf(`when: 'event.name == %q'`, s.gen.names[kind])))
			}
			text += strings.TrimSuffix(pipelineText(fmt.Sprintf("route%d", p), "[]", destinations), "\n")
		}
		return project(text)
	},
	measure: func(ctx context.Context, s *stand) error {
		perS, err := s.fullSpeed(ctx, s.places()...)
		s.figure("captured to delivered", "events/s", perS)
		return err
	},
}
