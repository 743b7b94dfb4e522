// Package books keeps accounts of every event over the life of a project: accepted = delivered + filtered + dead + in flight, for each
// destination.
//
// The accounts are a fold over the journal (bus.Record) and the counts of captured frames in the log. Now and then they are written down with
// the sequences up to which they go; a start reads what was written and folds what came after. A stage acknowledges a frame only after the
// frame's record is stored, so a kill at any moment leaves either both or a frame that is worked again. What is worked again is told from
// what is new by the frame's sequence: the process stage works a lane in order, so that a sequence it has passed is a repeat; of the frames
// of a delivery lane the latest are remembered, with what is done of each.
//
// What is sent once more (dead letters, replays of the log) is in the journal and not in the accounts.
package books
