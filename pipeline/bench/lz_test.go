package bench

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// What the packer makes is what lz-string 1.5.0 made of the same text, and what capture undoes.
func TestLZ(t *testing.T) {
	var p lzPacker
	own, err := os.ReadFile("../capture/posthog/testdata/batch.lz64")
	if err != nil {
		t.Fatal(err)
	}
	text, err := new(wire.Scratch).LZString(own, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.pack(nil, text); !bytes.Equal(got, bytes.TrimSpace(own)) {
		t.Errorf("%d bytes, lz-string made %d, the first %d are the same", len(got), len(own), same(got, own))
	}
	for _, text := range [][]byte{
		[]byte("a"), []byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), []byte("abcabcabcabcabcab"), (generator{run: 7}).appendBatch(nil, key, 0, 100, time.Unix(0, 0)),
	} {
		packed := p.pack([]byte("x"), text)[1:]
		got, err := new(wire.Scratch).LZString(packed, 1<<20)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes, packed into %d: got %d, %v", len(text), len(packed), len(got), err)
		}
	}
}

func same(a, b []byte) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
