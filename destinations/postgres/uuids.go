package postgres

import "time"

// An event's id is remembered in _prickle_uuids beside the events, since the primary key of a partitioned table has to have the time in it, and a
// copy of an event that an SDK sent again may claim another time. Ids lie there by the time of capture, in buckets of twice the window: what is
// captured now goes to the end of the index, whatever the ids look like, and two copies captured within the window are in the same bucket or in
// neighbouring ones, so that each event needs one look besides its own insertion.

// duplicateWindow is how far apart the two copies of an event may have been captured for the second to be found, if it claims another time. An event
// that is replayed has the time at which it was captured first, so its first copy is found however long ago that was.
const duplicateWindow = 48 * time.Hour

const bucketWidth = 2 * duplicateWindow

// bucketOf is the number of the bucket of what was captured at t.
func bucketOf(t time.Time) int32 {
	return int32(floorDiv(t.Unix(), int64(bucketWidth/time.Second)))
}

// neighbourOf is the one other bucket in which there may be a copy that was captured within the window of t.
func neighbourOf(t time.Time) int32 {
	own := bucketOf(t)
	if before := bucketOf(t.Add(-duplicateWindow)); before != own {
		return before
	}
	return own + 1
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		a -= b - 1
	}
	return a / b
}
