package stdlib

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // for machines without a zone database
)

// zones are the zones that programs have asked for, nil for names that are no zone. Names come from programs, so when
// they are too many the cache starts over.
var zones = struct {
	sync.RWMutex
	known map[string]*time.Location
}{known: map[string]*time.Location{}}

const (
	maxZones    = 1000
	maxZoneName = 64
)

// zone is the location of a zone name.
func zone(name string) (*time.Location, bool) {
	if name == "UTC" {
		return time.UTC, true
	}
	if !isZoneName(name) {
		return nil, false
	}
	zones.RLock()
	loc, ok := zones.known[name]
	zones.RUnlock()
	if ok {
		return loc, loc != nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		loc = nil
	}
	zones.Lock()
	defer zones.Unlock()
	if len(zones.known) >= maxZones {
		clear(zones.known)
	}
	zones.known[strings.Clone(name)] = loc
	return loc, loc != nil
}

// isZoneName keeps names that are paths of some other form from being looked up as files.
func isZoneName(name string) bool {
	if name == "" || name == "Local" || len(name) > maxZoneName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.TrimFunc(part, isZoneLetter) != "" {
			return false
		}
	}
	return true
}

func isZoneLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '+'
}
