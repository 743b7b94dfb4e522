// Package process is the first stage: it takes frames of captured events, runs a pipeline's transforms on each event, and hands every
// destination the events that it wants.
//
// One Watermill handler works each lane, one frame at a time, so that the order of a lane is kept. A frame of the log is acknowledged only
// after every frame made from it, and every dead letter, has been acknowledged by its own stream. When the process dies in between, the
// frame is worked again; the copies then carry the same message ids and change nothing.
//
// Dead letters that are replayed come by a handler of their own, and a Replayer takes events of the log through once more. Neither stands
// before what is captured, here or in the destinations' queues, and both are counted apart.
//
// It fails closed: an event that a transform fails on is dead-lettered as it was captured, and nothing made from it goes on.
package process
