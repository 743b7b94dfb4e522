package pipeline

import (
	"crypto/sha1" //nolint:gosec // UUIDs of version 5 are made with it
	"strconv"
)

// personSpace is the namespace of person ids.
var personSpace = [16]byte{0x6f, 0x2b, 0x9d, 0x5e, 0x3c, 0x1a, 0x5f, 0x64, 0x9a, 0x77, 0x0d, 0x4b, 0xe1, 0xa5, 0xc8, 0xf2}

// PersonID is the id of the person that a distinct id of a project belongs to as long as no merge says otherwise: a UUID of version 5, so that
// every process and every store finds the same without asking another.
func PersonID(projectID int, distinctID string) (id [16]byte) {
	text := append(make([]byte, 0, 64), personSpace[:]...)
	text = append(strconv.AppendInt(text, int64(projectID), 10), ':')
	sum := sha1.Sum(append(text, distinctID...)) //nolint:gosec // as above
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
