package wire

import (
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Encodings are the content encodings that Decompress undoes.
var Encodings = []string{"gzip", "deflate", "br", "zstd"}

// Decompress undoes a content encoding, one of Encodings; "" is none. It stops as soon as the result is over limit bytes.
func (s *Scratch) Decompress(encoding string, data []byte, limit int64) ([]byte, error) {
	switch encoding {
	case "":
		if int64(len(data)) > limit {
			return nil, bodyTooLarge(limit)
		}
		return data, nil
	case "gzip":
		return s.Inflate(data, limit)
	}
	s.reader.Reset(data)
	r, end, err := openEncoding(encoding, &s.reader, limit)
	if err != nil {
		return nil, Invalid("invalid_encoding", "the body is not %s: %v", encoding, err)
	}
	defer end()
	text, full, err := s.readInflated(r, limit)
	switch {
	case full != nil:
		return nil, full
	case errors.Is(err, errOver), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return nil, tooLargeInflated(limit)
	case err != nil:
		return nil, Invalid("invalid_encoding", "the %s stream is damaged: %v", encoding, err)
	}
	return text, nil
}

// window is what a decoder of zstd should take at least whatever its text may be, and need not take more of (RFC 8878). Encoders announce it for short
// texts as well.
const window = 8 << 20

// openEncoding makes the reader that undoes an encoding. end gives up what it holds.
func openEncoding(encoding string, data io.Reader, limit int64) (r io.Reader, end func(), err error) {
	switch encoding {
	case "deflate": // which is zlib in HTTP
		r, err = zlib.NewReader(data)
	case "br":
		r = brotli.NewReader(data)
	case "zstd":
		d, err := zstd.NewReader(data, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, nil, err
		}
		return d, d.Close, nil
	default:
		err = errors.New("unknown encoding")
	}
	return r, func() {}, err
}
