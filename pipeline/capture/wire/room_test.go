package wire

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Memory is asked for before it is taken, whatever a text was compressed with, and a text for which there is none is not decompressed to its end.
func TestRoomIsAskedFor(t *testing.T) {
	text := bytes.Repeat([]byte("all alike "), 100_000)
	packed := func(w io.WriteCloser, out *bytes.Buffer) []byte {
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	bodies := map[string][]byte{}
	var gz, deflate, br, zst bytes.Buffer
	bodies["gzip"] = packed(gzip.NewWriter(&gz), &gz)
	bodies["deflate"] = packed(zlib.NewWriter(&deflate), &deflate)
	bodies["br"] = packed(brotli.NewWriter(&br), &br)
	encoder, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	bodies["zstd"] = packed(encoder, &zst)
	if bodies["lz"], err = os.ReadFile("../posthog/testdata/batch.lz64"); err != nil {
		t.Fatal(err)
	}
	const room = 40 << 10
	full := errors.New("full")
	for name, body := range bodies {
		s := new(Scratch)
		most := int64(0)
		undo := func() ([]byte, error) {
			if name == "lz" {
				return s.LZString(body, 2<<20)
			}
			return s.Decompress(name, body, 2<<20)
		}
		s.Room = func(held int64) error {
			if most = max(most, held); held > room {
				return full
			}
			return nil
		}
		if _, err := undo(); !errors.Is(err, full) || s.Held(nil) > room {
			t.Errorf("%s without room: %v, %d bytes held", name, err, s.Held(nil))
		}
		s.Reset()
		s.Room = func(held int64) error { most = max(most, held); return nil }
		if out, err := undo(); err != nil || most < int64(len(out)) || most < s.Held(out) {
			t.Errorf("%s: asked for %d bytes, holds %d: %v", name, most, s.Held(out), err)
		}
	}
}
