package parquet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// row is a row of every file: the columns of the events table in their order. Texts that an event does not have are "", as there.
type row struct {
	ProjectID   int32    `parquet:"project_id"`
	UUID        [16]byte `parquet:"uuid,uuid"`
	Event       string   `parquet:"event,dict"`
	DistinctID  string   `parquet:"distinct_id"`
	PersonID    [16]byte `parquet:"person_id,uuid"`
	Timestamp   int64    `parquet:"timestamp,timestamp(microsecond)"`
	Properties  []byte   `parquet:"properties,json"`
	SessionID   string   `parquet:"session_id"`
	Groups      []byte   `parquet:"groups,json"`
	Source      string   `parquet:"source,dict"`
	Lib         string   `parquet:"lib,dict"`
	LibVersion  string   `parquet:"lib_version,dict"`
	Country     string   `parquet:"country,dict"`
	Browser     string   `parquet:"browser,dict"`
	OS          string   `parquet:"os,dict"`
	Device      string   `parquet:"device,dict"`
	Host        string   `parquet:"host,dict"`
	Path        string   `parquet:"path,dict"`
	UTMSource   string   `parquet:"utm_source,dict"`
	UTMMedium   string   `parquet:"utm_medium,dict"`
	UTMCampaign string   `parquet:"utm_campaign,dict"`
	UTMContent  string   `parquet:"utm_content,dict"`
	UTMTerm     string   `parquet:"utm_term,dict"`
	ReceivedAt  int64    `parquet:"received_at,timestamp(microsecond)"`
	InsertedAt  int64    `parquet:"inserted_at,timestamp(microsecond)"`
}

var schema = parquet.SchemaOf(row{})

// set makes r the row of an event. It aliases e.
func (r *row) set(e *warehouse.EventRow, project int32, now int64) {
	x := &e.Extracted
	*r = row{
		ProjectID: project, UUID: e.UUID, Event: e.Name, DistinctID: e.DistinctID, PersonID: e.PersonID, Timestamp: e.Event.Timestamp.UnixMicro(),
		Properties: e.Properties, SessionID: x[0], Groups: e.Groups, Source: e.Source, Lib: x[1], LibVersion: x[2], Country: x[3], Browser: x[4],
		OS: x[5], Device: x[6], Host: x[7], Path: x[8], UTMSource: x[9], UTMMedium: x[10], UTMCampaign: x[11], UTMContent: x[12], UTMTerm: x[13],
		ReceivedAt: e.Event.ReceivedAt.UnixMicro(), InsertedAt: now,
	}
}

// groupRows are the rows of a row group: what a writer keeps in memory, compressed.
const groupRows = 32_768

// newWriter writes rows to w.
func newWriter(w io.Writer) *parquet.GenericWriter[row] {
	return parquet.NewGenericWriter[row](w, schema, parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.CreatedBy("prickle", "", ""), parquet.PageBufferSize(128<<10), parquet.MaxRowsPerRowGroup(groupRows))
}

// partition is the folder that a row belongs to: project=1/day=2026-08-20.
func (r *row) partition(by Partition) string {
	layout := "2006-01-02"
	if by == Month {
		layout = "2006-01"
	}
	return fmt.Sprintf("project=%d/%s=%s", r.ProjectID, by, time.UnixMicro(r.Timestamp).UTC().Format(layout))
}

// namer makes the name of a file out of its rows: the time at which the first of them was received, by which names are sorted, a hash of their
// uuids, and their number. The same rows have the same name.
type namer struct {
	first int64
	n     int64
	hash  hash.Hash // nil before the first row
}

func (n *namer) add(r *row) {
	if n.hash == nil {
		n.first, n.hash = r.ReceivedAt, sha256.New()
	}
	n.first = min(n.first, r.ReceivedAt)
	n.n++
	n.hash.Write(r.UUID[:])
}

func (n *namer) name() string {
	return fmt.Sprintf("%s-%s-%d.parquet", time.UnixMicro(n.first).UTC().Format("20060102T150405.000000Z"), hex.EncodeToString(n.hash.Sum(nil)[:12]), n.n)
}

// rowsOf reads the number of rows in a piece's name; 0 when it does not say.
func rowsOf(name string) int64 {
	base := strings.TrimSuffix(name, ".parquet")
	n, err := strconv.ParseInt(base[strings.LastIndexByte(base, '-')+1:], 10, 64)
	if err != nil {
		return 0 // an older name ends in its hash
	}
	return n
}
