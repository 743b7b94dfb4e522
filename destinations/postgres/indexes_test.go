package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

// Compact indexes what tables are joined by, once, and such that no value is ever refused for its length.
func TestIndexes(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	load := pipeline.Load{Source: "shop", Streams: []pipeline.Stream{{Name: "items", Columns: []pipeline.Column{{Name: "created", Type: pipeline.Instant}}}}, Records: []pipeline.Record{
		{Stream: "items", Key: "a", Version: 1, Data: []byte(`{"customer":"cus_1","created":1755684000,"invoice":17,"metadata":{}}`)},
	}}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Compact(t.Context()); err != nil {
			t.Fatalf("Compact: %v", err)
		}
	}
	wantRows(t, w, "SELECT substring(indexdef from 'USING .*') FROM pg_indexes WHERE tablename = 'shop_items__rows' ORDER BY 1",
		"USING btree (_sync_key)", "USING btree (created)", "USING hash (customer)", "USING hash (invoice)")
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("b", 1, `{"customer":"`+randomText(10_000)+`","invoice":"`+randomText(10_000)+`"}`))
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("c", 1, `{"customer":{"id":"`+randomText(10_000)+`"}}`))
	wantRows(t, w, "SELECT length(customer::text) > 1000, length(invoice) FROM shop_items ORDER BY _sync_key", "false|2", "true|10000", "true|null")
}

// TestTLS connects to a server that takes nothing else, and refuses one whose certificate is from nobody it knows.
func TestTLS(t *testing.T) {
	s := postgres.Start(t)
	authority, key := certificate(t)
	s.EnableTLS(t, authority, key)
	dsn := s.Database(t)
	file := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(query string) string {
		return postgres.With(t, dsn, func(u *url.URL) { u.RawQuery = query })
	}
	for _, query := range []string{"sslmode=require", "sslmode=verify-full&sslrootcert=" + file, ""} {
		w := open(t, with(query))
		mustSend(t, w, pipelinetest.Events(0, 1))
		wantRows(t, w, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true")
		closed(t, w)
	}
	wantOpenError(t, with("sslmode=verify-full"), "certificate")
}

// certificate makes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// A partition that somebody detached is told, and its events are stored all the same.
func TestDetachedPartition(t *testing.T) {
	dsn := postgres.Database(t)
	now := day("2026-08-20")
	w := clocked(t, dsn, &now)
	defer closed(t, w)
	mustSend(t, w, eventsAt("2026-08-01"))
	postgres.Exec(t, dsn, "ALTER TABLE prickle.events DETACH PARTITION prickle.events_2026_08")
	mustSend(t, w, eventsAt("2026-08-02"))
	if err := w.Compact(t.Context()); err == nil || !strings.Contains(err.Error(), `"events_2026_08" is no partition of events: rename it`) {
		t.Errorf("Compact\n got %v\nwant the table that is in the way", err)
	}
	mustSend(t, w, eventsAt("2026-08-03"))
	wantRows(t, w, partitions, "events_default|2")
	postgres.Exec(t, dsn, "ALTER TABLE prickle.events_2026_08 RENAME TO old")
	if err := w.Compact(t.Context()); err != nil {
		t.Errorf("Compact: %v", err)
	}
	wantRows(t, w, partitions, fmt.Sprintf("events_2026_08|%d", 2))
}
