package capture

// sizes are how large a request of a protocol may be.
type sizes struct {
	sent, text int64 // in bytes, as it is sent, and decompressed
	event      int   // bytes of the JSON text of one event; 0 leaves it to the log
	events     int   // how many
}

// The sizes that protocols name themselves (spec 2.9, 3.1, 8.5). None of them says how many events may come at once: so many do only when they have
// less than 42 bytes each, or 84 for Segment and RudderStack, where each that is wrong is listed.
var (
	v0Sizes        = sizes{20 << 20, 25 << 20, 1 << 20, 500_000}
	v0AISizes      = sizes{20 << 20, 25 << 20, 8 << 20, 500_000}
	aiPartsSizes   = sizes{28 << 20, 28 << 20, 0, 1} // a tenth more than the parts, for what is between them
	recordingSizes = sizes{25 << 20, 25 << 20, 0, 500_000}
	v1Sizes        = sizes{10 << 20, 50 << 20, 1 << 20, 500_000}
	v1AISizes      = sizes{10 << 20, 50 << 20, 8 << 20, 500_000}
	segmentSizes   = sizes{4 << 20, 4 << 20, 1 << 20, 50_000}
	importSizes    = sizes{20 << 20, 20 << 20, 1 << 20, 10_000} // the answer has a line for each record that is wrong
)

// defaultLimits tell whether a limit was set: the default is the one of the protocol that most SDKs use.
var defaultLimits = DefaultConfig().Limits

// sizes gives a protocol its own sizes, but for limits that the configuration sets: those hold for every protocol, and for a body both as it
// is sent and decompressed.
func (l *Limits) sizes(own sizes) sizes {
	if l.Body != defaultLimits.Body {
		own.sent, own.text = int64(l.Body), int64(l.Body)
	}
	if l.Event != defaultLimits.Event {
		own.event = int(l.Event)
	}
	if l.Events != defaultLimits.Events {
		own.events = l.Events
	}
	return own
}
