package bus

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

// headerPacked marks a frame whose payload is packed, as a block of S2. Events repeat each other, so that a tenth to a fifth is left of a frame,
// which costs less than to copy and to sync the rest.
const headerPacked, packedS2 = "Prickle-Packed", "s2"

// worthPacking is the size in bytes from which on a payload is packed. A single event hardly shrinks.
const worthPacking = 1 << 10

// pack packs a payload into dst's memory, or returns it as it is when that does not make it smaller.
func pack(dst, payload []byte) (packed []byte, ok bool) {
	if len(payload) < worthPacking {
		return payload, false
	}
	dst = s2.Encode(dst[:cap(dst)], payload)
	if len(dst) >= len(payload) {
		return payload, false
	}
	return dst, true
}

// scratch holds memory for what is about to be packed.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// packed packs a payload into memory of its own, as little as it needs.
func packed(payload []byte) (out []byte, ok bool) {
	room := scratch.Get().(*[]byte)
	defer scratch.Put(room)
	if n := s2.MaxEncodedLen(len(payload)); cap(*room) < n {
		*room = make([]byte, n)
	}
	out, ok = pack(*room, payload)
	return slices.Clone(out), ok
}

// frameOf decodes the payload of a message with its header.
func frameOf(header nats.Header, data []byte) Frame { return frameIn(nil, header, data) }

// frameIn is frameOf with room for the events, which is used if it is enough.
func frameIn(room []pipeline.Event, header nats.Header, data []byte) Frame {
	payload, err := unpack(header, data)
	if err != nil {
		return Frame{Bad: []BadLine{{Line: data, Err: err}}}
	}
	count, _ := strconv.Atoi(headerValue(header, headerCount))
	return parseFrame(room, payload, count)
}

var errNotPacked = errors.New("packed in a way that this version does not know: use the newer prickle that wrote it")

// packingKnown reports whether a frame is packed in a way that unpack knows, or not at all.
func packingKnown(header nats.Header) bool {
	packing := headerValue(header, headerPacked)
	return packing == "" || packing == packedS2
}

// maxUnpacked is more than the lines of any frame take: what says that it is more is damaged.
const maxUnpacked = 64 << 20

// unpack returns the lines of a frame.
func unpack(header nats.Header, data []byte) ([]byte, error) {
	switch headerValue(header, headerPacked) {
	case "":
		return data, nil
	case packedS2:
		if n, err := s2.DecodedLen(data); err != nil || n > maxUnpacked {
			return nil, fmt.Errorf("unpack frame: %d bytes, %w", n, s2.ErrCorrupt)
		}
		payload, err := s2.Decode(nil, data)
		if err != nil {
			return nil, fmt.Errorf("unpack frame: %w", err)
		}
		return payload, nil
	default:
		return nil, errNotPacked
	}
}

// unpackedSize is how many bytes the lines of a frame have.
func unpackedSize(header nats.Header, data []byte) int {
	if headerValue(header, headerPacked) == packedS2 {
		if n, err := s2.DecodedLen(data); err == nil {
			return n
		}
	}
	return len(data)
}

// headSize is about what the subject and the header of a frame add to its payload.
const headSize = 400

// packedRoom is for a request to the server, which counts messages as they are stored: how many bytes of messages hold about room bytes of lines,
// going by the frame given.
func packedRoom(room int, header nats.Header, data []byte) int {
	share := float64(len(data)+headSize) / float64(unpackedSize(header, data)+headSize)
	return max(int(float64(room)*share), 1)
}
