// Package bus keeps events between Prickle's stages, in NATS JetStream. It is the only package that knows JetStream.
//
// # Streams
//
//	EVENTS   events.all.<lane>                           the log of everything captured, kept for Config.Retain
//	         events.only.<pipeline>.<lane>               dead letters replayed to one pipeline
//	DELIVER  deliver.<pipeline>.<destination>.<lane>     a work queue: a frame is gone once it is acknowledged
//	         retry.<pipeline>.<destination>.<lane>.<id>  frames waiting for their next try
//	         replay.<pipeline>.<destination>.<lane>      frames sent once more, delivered when nothing else waits in the lane
//	         replay.<pipeline>.<destination>.<lane>.<id> those of them that wait for their next try
//	DEAD     dead.<stage>.<pipeline>.<destination>       one event a message, kept for Config.DeadRetain
//	JOURNAL  journal.records                             what became of each frame of EVENTS and of each attempt at a destination, one or
//	                                                     more records a message, kept for Config.JournalRetain
//	PRICKLE  a key-value bucket                          what is small and survives a restart: State, Lease
//
// With Config.Namespace, names of streams begin with it and an underscore, subjects with it and a dot, so that several projects can share
// a server.
//
// The server runs inside the process, without a network port, or outside (Config.URL). The one inside syncs every write to disk before
// it is acknowledged, unless Config.Sync is "interval".
//
// # Frames
//
// A message of EVENTS and DELIVER is a frame: events of one lane, one line of JSON each, with their number and the earliest and latest
// time in its headers. The lines are packed when that makes them fewer bytes (packing.go). Lanes are worked in order; LaneOf says which lane a
// person is in.
//
// The frames that wait in a lane of a pipeline are taken together (take.go), again the same ones after a crash (takes.go), and acknowledged
// together (settle.go). How far a pipeline has come is known from its consumer; from the place that is kept of it (standing.go), where the server keeps
// the consumer in memory or loses it; and from the journal (restore.go).
//
// # Who uses what
//
// Capture appends through a Writer, which joins concurrent calls into shared frames. Process reads through Subscriber and writes through
// Publisher, which are Watermill's interfaces. Deliver reads through Queue, which can fetch several frames at once and put off some
// of a frame's events. Both hand what cannot be processed to Bury. A replay reads the log by ReadLog.
//
// # Several processes
//
// Processes on an outside server share the lanes of every pipeline and destination. Owns says whether a lane is this process's; cluster says
// how that is found out, and hold and tenure what becomes of what is in hand. A Lease is for what one process of all does.
//
// # When it is full
//
// A frame that cannot be stored is refused (ErrUnavailable) and never held in memory. When EVENTS has reached Config.MaxBytes, or the
// disk of the embedded server runs low, the oldest frames that every pipeline is done with are removed first; only when there are none,
// events are refused. DELIVER and DEAD have no limit of their own but the disk: message schedules need a stream that would otherwise
// discard old messages.
package bus
