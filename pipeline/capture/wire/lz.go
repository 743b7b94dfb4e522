package wire

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// lz-string's first three codes are not dictionary entries.
const (
	lzChar8  = 0 // a new character of 8 bits follows
	lzChar16 = 1 // a new character of 16 bits follows
	lzEnd    = 2
)

// LZString undoes lz-string's compressToBase64 and returns the text in UTF-8. It stops as soon as the result is over limit bytes.
func (s *Scratch) LZString(data []byte, limit int64) ([]byte, error) {
	others := s.Held(nil)
	d := lzDecoder{
		limit: limit, bits: lzBits{data: data}, width: 3, grow: 4,
		out: make([]uint16, 0, min(4*len(data), 1<<17)), dict: make([]lzEntry, 3, 3+min(len(data)/2, 1<<14)), // about what it comes to
	}
	ok, counted := d.first(), int64(0)
	for ok && !d.done {
		if int64(len(d.out)) > limit {
			return nil, TooLarge("decompressed_too_large", "the decompressed body is larger than %d bytes", limit)
		}
		if held := d.held(); held > counted {
			if err := s.room(others + held); err != nil {
				return nil, err
			}
			counted = held
		}
		ok = d.next()
	}
	if !ok {
		return nil, Invalid("invalid_lz64", "the lz-string data is damaged")
	}
	if err := s.room(others + d.held() + int64(len(d.out))); err != nil {
		return nil, err
	}
	text := make([]byte, 0, len(d.out)+utf8.UTFMax)
	for i := 0; i < len(d.out); i++ {
		r := rune(d.out[i])
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+1 < len(d.out) {
				pair = utf16.DecodeRune(r, rune(d.out[i+1]))
			}
			if r = pair; r != utf8.RuneError {
				i++
			}
		}
		if text = utf8.AppendRune(text, r); int64(len(text)) > limit {
			return nil, TooLarge("decompressed_too_large", "the decompressed body is larger than %d bytes", limit)
		}
	}
	return text, nil
}

// lzEntry is a dictionary entry. Every entry is a stretch of the output, so the dictionary needs no text of its own.
type lzEntry struct{ from, length int }

type lzDecoder struct {
	limit int64
	bits  lzBits
	out   []uint16
	dict  []lzEntry
	word  lzEntry // what the last code gave
	width int     // of a code, in bits
	grow  int     // how many entries may be added before codes get wider
	done  bool
}

// held is how many bytes of memory the decoder takes.
func (d *lzDecoder) held() int64 {
	return int64(cap(d.out))*int64(unsafe.Sizeof(d.out[0])) + int64(cap(d.dict))*int64(unsafe.Sizeof(d.dict[0]))
}

// first reads the first code, which is two bits wide and can only be a character or the end.
func (d *lzDecoder) first() bool {
	code, ok := d.bits.read(2)
	switch {
	case !ok || code > lzEnd:
		return false
	case code == lzEnd:
		d.done = true
		return true
	}
	entry, ok := d.character(code)
	d.word = entry
	return ok
}

func (d *lzDecoder) next() bool {
	code, ok := d.bits.read(d.width)
	if !ok {
		return false
	}
	var entry lzEntry
	switch {
	case code == lzEnd:
		d.done = true
		return true
	case code == lzChar8 || code == lzChar16:
		if entry, ok = d.character(code); !ok {
			return false
		}
		d.added()
	case code < len(d.dict):
		entry = d.emit(d.dict[code])
	case code == len(d.dict):
		// The entry about to be made: the last word and its own first character.
		entry = d.emit(d.word)
		d.out = append(d.out, d.out[d.word.from])
		entry.length++
	default:
		return false
	}
	// The last word and the first character of this one stand side by side in the output.
	d.dict = append(d.dict, lzEntry{d.word.from, d.word.length + 1})
	d.added()
	d.word = entry
	return true
}

// character reads a new character, puts it out and makes it an entry.
func (d *lzDecoder) character(code int) (lzEntry, bool) {
	unit, ok := d.bits.read(8 << code)
	if !ok {
		return lzEntry{}, false
	}
	entry := lzEntry{len(d.out), 1}
	d.out = append(d.out, uint16(unit))
	d.dict = append(d.dict, entry)
	return entry, true
}

// emit puts the entry's text out again and returns where that is.
func (d *lzDecoder) emit(e lzEntry) lzEntry {
	if int64(len(d.out)+e.length) > d.limit { // LZString refuses what is longer by one
		e.length = int(d.limit) + 1 - len(d.out)
	}
	from := len(d.out)
	d.out = append(d.out, d.out[e.from:e.from+e.length]...)
	return lzEntry{from, e.length}
}

// added counts one new entry.
func (d *lzDecoder) added() {
	d.grow--
	if d.grow == 0 {
		d.grow = 1 << d.width
		d.width++
	}
}

// lzBits reads numbers whose lowest bit comes first, out of base64 characters whose highest bit comes first: with the bits of each character turned
// round, both are a stream that begins with the lowest.
type lzBits struct {
	data  []byte
	index int
	ahead uint // bits that were taken from data and not read
	left  int  // how many
}

func (b *lzBits) read(n int) (value int, ok bool) {
	for b.left < n {
		if b.index >= len(b.data) {
			return 0, false
		}
		bits := lzTurned[b.data[b.index]]
		if bits < 0 {
			return 0, false
		}
		b.index++
		b.ahead |= uint(bits) << b.left
		b.left += 6
	}
	value = int(b.ahead & (1<<n - 1))
	b.ahead >>= n
	b.left -= n
	return value, true
}

// lzTurned has the six bits of each character of base64, the highest last, and -1 for other characters.
var lzTurned = func() (table [256]int8) {
	for ch := range table {
		table[ch] = -1
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(alphabet) {
		table[alphabet[i]] = int8(bits.Reverse8(uint8(i)) >> 2)
	}
	table['='] = 0
	return table
}()
