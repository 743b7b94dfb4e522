package bench

// lzPacker packs bytes as lz-string's compressToBase64 does with the text that they are in Latin-1, which for ASCII is the same text. Its memory is used again.
type lzPacker struct {
	entries map[uint32]int // dictionary: the code of a word and one more byte, to the code of both
	codes   [256]int       // of single bytes; 0 is none yet
	fresh   [256]bool      // bytes that have a code and were not written
	next    int            // the next free code
	left    int            // entries until codes get wider
	width   int            // of a code, in bits

	out  []byte
	bits byte // that were not written
	held int  // how many
}

const lzAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// pack appends to dst what lz-string makes of text.
func (p *lzPacker) pack(dst, text []byte) []byte {
	if p.entries == nil {
		p.entries = map[uint32]int{}
	}
	clear(p.entries)
	p.codes, p.fresh = [256]int{}, [256]bool{}
	p.next, p.left, p.width, p.out, p.bits, p.held = 3, 2, 2, dst, 0, 0
	word, last := 0, byte(0) // the code of the word so far, 0 for none, and its byte when it has one
	single := false
	for _, ch := range text {
		if p.codes[ch] == 0 {
			p.codes[ch], p.fresh[ch] = p.next, true
			p.next++
		}
		if word == 0 {
			word, last, single = p.codes[ch], ch, true
			continue
		}
		key := uint32(word)<<8 | uint32(ch)
		if longer, ok := p.entries[key]; ok {
			word, single = longer, false
			continue
		}
		p.emit(word, last, single)
		p.entries[key] = p.next
		p.next++
		word, last, single = p.codes[ch], ch, true
	}
	if word != 0 {
		p.emit(word, last, single)
	}
	p.write(2, p.width) // the end
	return p.flush(len(dst))
}

// emit writes a word: a byte that was never written as itself, anything else as its code.
func (p *lzPacker) emit(word int, ch byte, single bool) {
	if single && p.fresh[ch] {
		p.write(0, p.width)
		p.write(int(ch), 8)
		p.fresh[ch] = false
		p.added()
	} else {
		p.write(word, p.width)
	}
	p.added()
}

func (p *lzPacker) added() {
	if p.left--; p.left == 0 {
		p.left = 1 << p.width
		p.width++
	}
}

// write writes a number, its lowest bit first, into characters of six bits, their highest first.
func (p *lzPacker) write(value, width int) {
	for range width {
		p.bits = p.bits<<1 | byte(value&1)
		value >>= 1
		if p.held++; p.held == 6 {
			p.out = append(p.out, lzAlphabet[p.bits])
			p.bits, p.held = 0, 0
		}
	}
}

// flush ends what begins at from.
func (p *lzPacker) flush(from int) []byte {
	p.out = append(p.out, lzAlphabet[p.bits<<(6-p.held)&63])
	for (len(p.out)-from)%4 != 0 {
		p.out = append(p.out, '=')
	}
	return p.out
}
