package app

import (
	"fmt"

	"github.com/prickle-dev/prickle/configs"
)

// located is the Config of a store. Place says where its tables are, without a secret, or "" when it does not know; alone, that one store at most can
// be open there.
type located interface {
	Place() (place string, alone bool)
}

// tabled is the Config of a store that says something about tables of sources. CheckSources reports those that none of the named sources can have; nil
// is for a store that no source fills.
type tabled interface {
	CheckSources(sources []string) error
}

func checkTables(config any, sources []string) error {
	if c, ok := config.(tabled); ok {
		return c.CheckSources(sources)
	}
	return nil
}

// sourceNames is never nil.
func sourceNames(project *configs.Project) []string {
	names := make([]string, len(project.Sources))
	for i, s := range project.Sources {
		names[i] = s.Name
	}
	return names
}

// place is who has it.
type place struct {
	by        string // a destination's name
	warehouse bool
}

// takePlace notes where a component stores, and refuses a place where another one does that leaves no room.
func (a *App) takePlace(kind string, p place, config any) error {
	c, ok := config.(located)
	if !ok {
		return nil
	}
	where, alone := c.Place()
	if where == "" {
		return nil
	}
	key := kind + " " + where
	first, taken := a.places[key]
	switch {
	case !taken:
		if a.places == nil {
			a.places = map[string]place{}
		}
		a.places[key] = p
		return nil
	case first.warehouse:
		return fmt.Errorf("%s is the project's warehouse: write - warehouse, or name another place", key)
	case alone:
		return fmt.Errorf("%s is that of the destination %q: only one can have it open, name another place", key, first.by)
	}
	return nil
}
