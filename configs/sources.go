package configs

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// takeSource takes `name: {type: …, every: …, …}`. The name serves as type when it is one.
func (l *loader) takeSource(e entry) {
	if !e.value.empty() && e.value.kind != mapping {
		l.files.conceal(e.value)
		l.mapping(e.value)
		return
	}
	common, own := e.value.split("type", "every")
	var part struct {
		Type  *string        `yaml:"type"`
		Every *time.Duration `yaml:"every"`
	}
	before := len(l.errs)
	l.value(common, reflect.ValueOf(&part).Elem())
	s := Source{Component: l.component(e.name, e.pos, own), Name: e.name}
	s.common = []string{"type", "every"}
	if part.Every != nil {
		s.Every = *part.Every
		if s.Every <= 0 && len(l.errs) == before {
			every, _ := common.find("every")
			l.add(every.value.pos, "every must be more than 0")
		}
	}
	if l.sourceType(&s, part.Type, common) {
		l.project.Sources = append(l.project.Sources, s)
	}
}

func (l *loader) sourceType(s *Source, typ *string, common *node) bool {
	known := l.opts.Sources
	given, has := common.find("type")
	switch {
	case typ != nil:
		s.Type, s.Pos = *typ, given.value.textPos
		if len(known) > 0 && !slices.Contains(known, *typ) {
			l.add(s.Pos, "unknown source type %s", quote(given.value.written)).Hint = suggest(*typ, known, "types")
			return false
		}
	case has: // and reported
		return false
	case len(known) > 0 && !slices.Contains(known, s.Name):
		err := l.add(s.Pos, "source %q has no type", s.Name)
		err.Hint = fmt.Sprintf("add type: …; %s", suggest(s.Name, known, "types"))
		return false
	}
	return true
}
