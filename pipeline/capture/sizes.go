package capture

// sizes are how large a request of a protocol may be, in bytes.
type sizes struct {
	sent, text int64 // as it is sent, and decompressed
	event      int   // the JSON text of one event; 0 leaves it to the log
}

// The sizes that protocols name themselves (spec 2.9, 3.1, 8.5).
var (
	v0Sizes        = sizes{20 << 20, 20 << 20, 1 << 20}
	v0AISizes      = sizes{20 << 20, 20 << 20, 8 << 20}
	aiPartsSizes   = sizes{28 << 20, 28 << 20, 0} // a tenth more than the parts, for what is between them
	recordingSizes = sizes{25 << 20, 25 << 20, 0}
	v1Sizes        = sizes{10 << 20, 50 << 20, 1 << 20}
	v1AISizes      = sizes{10 << 20, 50 << 20, 8 << 20}
	segmentSizes   = sizes{4 << 20, 4 << 20, 1 << 20}
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
	return own
}
