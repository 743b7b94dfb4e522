package oracle

import (
	"strconv"
	"time"
)

// Mark asks the project under test to fail on an event.
type Mark string

// Marks. An event has its mark in the property "mark".
const (
	Plain   Mark = ""
	Throws  Mark = "throws"  // a transform throws
	Spins   Mark = "spins"   // a transform never ends
	Refused Mark = "refused" // a receiver refuses it for good
)

// Names of events: every tenth event of a person is a Tenth.
const (
	Common = "common"
	Tenth  = "tenth"
)

// Event is one event that was handed out. All but acknowledged is fixed.
type Event struct {
	ID         string // a UUID
	Person     string // the distinct id
	Seq        int    // of the person's events, from 1
	Mark       Mark
	Properties []byte // the exact JSON
	Handed     time.Time

	acknowledged bool // guarded by the ledger
}

// Name is the event's name, Common or Tenth.
func (e *Event) Name() string {
	if e.Seq%10 == 0 {
		return Tenth
	}
	return Common
}

// AppendJSON appends the event as PostHog's SDKs write it.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"uuid":"`...)
	dst = append(dst, e.ID...)
	dst = append(dst, `","event":"`...)
	dst = append(dst, e.Name()...)
	dst = append(dst, `","distinct_id":`...)
	dst = strconv.AppendQuote(dst, e.Person)
	dst = append(dst, `,"properties":`...)
	dst = append(dst, e.Properties...)
	return append(dst, '}')
}
