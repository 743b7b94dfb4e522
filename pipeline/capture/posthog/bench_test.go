package posthog

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// batchOf makes a request of n events of about 600 bytes, as a server SDK sends it.
func batchOf(n int) []byte {
	var b bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2)) // so that gzip has something to do
	b.WriteString(`{"api_key":"phc_test","batch":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"event":"order completed","uuid":"0196b2d0-0000-7000-8000-%012d","distinct_id":"user-%d","timestamp":"2026-03-01T11:00:00.123Z","properties":{`, i, i)
		fmt.Fprintf(&b, `"$lib":"posthog-node","$lib_version":"5.70.0","$is_server":true,"$geoip_disable":true,"$session_id":"0196b2d0-1111-7000-8000-%012x","request":"%016x%016x",`,
			random.Int64()>>16, random.Uint64(), random.Uint64())
		b.WriteString(`"$current_url":"https://shop.example/checkout/step-3?utm_source=news&utm_campaign=spring","$browser":"Chrome","$browser_version":131,` +
			`"$os":"Linux","total":129.95,"currency":"EUR","items":[{"sku":"A-100","qty":2},{"sku":"B-7","qty":1}],"coupon":null}}`)
	}
	b.WriteString(`],"sent_at":"2026-03-01T11:00:01.000Z"}`)
	return b.Bytes()
}

func compress(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// form is a body as old browser clients send it.
func form(data, compression string) []byte {
	return []byte(url.Values{"data": {data}, "compression": {compression}}.Encode())
}

func BenchmarkDecodeBatch(b *testing.B) {
	const events, formType = 100, "application/x-www-form-urlencoded"
	text := batchOf(events)
	lz, err := os.ReadFile("testdata/batch.lz64") // text, by lz-string 1.5.0
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name, contentType string
		body              []byte
	}{
		{"plain", "", text},
		{"gzip", "", compress(text)},
		{"base64", formType, form(base64.StdEncoding.EncodeToString(text), "base64")},
		{"lz64", formType, form(string(lz), "lz64")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			req := Request{Request: wire.Request{
				Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ClientIP: "203.0.113.7",
				Source: func(string) (string, bool) { return "web", true },
			}}
			s := new(wire.Scratch)
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Reset()
				body, err := s.ReadBody(bytes.NewReader(bench.body), int64(len(bench.body)), 1<<20)
				if err != nil {
					b.Fatal(err)
				}
				decoded, err := Payload{Body: body, ContentType: bench.contentType, Base64Again: true, MaxBytes: 1 << 20}.Text(s)
				if err != nil {
					b.Fatal(err)
				}
				if err := Decode(req, decoded, s); err != nil || len(s.Events) != events {
					b.Fatal(len(s.Events), err)
				}
			}
			b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
