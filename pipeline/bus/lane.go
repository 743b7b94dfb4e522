package bus

// LaneOf returns the lane of a person: the 64-bit FNV-1a hash of the distinct id's bytes, its upper half folded onto the lower by
// exclusive or, modulo lanes. Stored events depend on it, so it must never change.
func LaneOf(distinctID string, lanes int) int {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(distinctID) {
		h = (h ^ uint64(distinctID[i])) * prime
	}
	return int((h ^ h>>32) & 0xffffffff % uint64(lanes))
}
