package clickhouse

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// eventColumn is a column of the events table.
type eventColumn struct{ name, typ, codec string }

const (
	eventsView = "events"
	eventsRows = "events__rows"

	timeType = "DateTime64(3, 'UTC')"
	lowText  = "LowCardinality(String)"

	// jsonType keeps the members of up to 256 paths in columns of their own; what a wild source sends beyond shares one.
	jsonType   = "JSON(max_dynamic_paths = 256)"
	jsonColumn = "properties_json"
)

// extractedTypes are those of warehouse.Extracted, whose columns have few different values but for these.
var extractedTypes = map[string]string{"session_id": "String", "path": "String", "utm_campaign": "String", "utm_content": "String", "utm_term": "String"}

// eventColumns are the columns that an insert fills, in the order of the view; version, which only the engine reads, comes last.
var eventColumns = func() []eventColumn {
	columns := []eventColumn{
		{"project_id", "UInt32", "ZSTD(1)"}, {"uuid", "UUID", "ZSTD(1)"}, {"event", lowText, "ZSTD(1)"}, {"distinct_id", "String", "ZSTD(1)"},
		{"person_id", "UUID", "ZSTD(1)"}, {"timestamp", timeType, "Delta, ZSTD(1)"}, {"properties", "String", "ZSTD(3)"},
	}
	for _, e := range warehouse.Extracted {
		typ := extractedTypes[e.Column]
		if typ == "" {
			typ = lowText
		}
		columns = append(columns, eventColumn{e.Column, typ, "ZSTD(1)"})
		if e.Column == "session_id" {
			columns = append(columns, eventColumn{"groups", "String", "ZSTD(1)"}, eventColumn{"source", lowText, "ZSTD(1)"})
		}
	}
	return append(columns, eventColumn{"received_at", timeType, "Delta, ZSTD(1)"}, eventColumn{"inserted_at", timeType, "Delta, ZSTD(1)"},
		eventColumn{"version", "UInt64", "Delta, ZSTD(1)"})
}()

// jsonDefinition fills the column from the text, for rows that were there before the column as well. What the type does not take (integers beyond 64
// bits, a key twice) becomes an empty object instead of a refusal; the text has it.
var jsonDefinition = fmt.Sprintf("%s %s DEFAULT accurateCastOrDefault(properties, '%s') CODEC(ZSTD(1))", jsonColumn, jsonType, jsonType)

// events is the table of events. Versions of one event share the sorting key, and with it the month and the shard.
func (l layout) events() table {
	var columns []string
	for _, c := range eventColumns {
		columns = append(columns, fmt.Sprintf("%s %s CODEC(%s)", c.name, c.typ, c.codec))
	}
	if l.json {
		columns = append(columns, jsonDefinition)
	}
	columns = append(columns,
		"INDEX by_distinct_id distinct_id TYPE bloom_filter(0.01) GRANULARITY 4",
		"INDEX by_session_id session_id TYPE bloom_filter(0.01) GRANULARITY 4",
		"INDEX by_uuid uuid TYPE bloom_filter(0.01) GRANULARITY 4",
		"INDEX by_received_at received_at TYPE minmax GRANULARITY 1",
	)
	rest := "PARTITION BY toYYYYMM(timestamp)\nPRIMARY KEY (project_id, toDate(timestamp), event, cityHash64(distinct_id))"
	t := table{
		name: eventsRows, columns: columns, version: "version", shard: "cityHash64(distinct_id)", settings: "ttl_only_drop_parts = 1",
		order: "(project_id, toDate(timestamp), event, cityHash64(distinct_id), uuid)\nSAMPLE BY cityHash64(distinct_id)", rest: rest,
	}
	if l.retention > 0 {
		t.order += "\nTTL " + l.ttl()
	}
	return t
}

// ttl drops whole parts whose events are all older than the retention. The bounds keep a date that a TTL cannot express from wrapping around.
func (l layout) ttl() string {
	return fmt.Sprintf("toDateTime(least(greatest(timestamp, toDateTime64('1970-01-02', 3, 'UTC')), toDateTime64('2099-01-01', 3, 'UTC'))) + toIntervalDay(%d)",
		l.days())
}

func (l layout) days() int { return int(l.retention / (24 * time.Hour)) }

// eventsQuery shows every event once, as it was received first. Versions of one event are in one month, so that months are read apart.
func (l layout) eventsQuery() string {
	return fmt.Sprintf("SELECT %s\nFROM %s FINAL\nSETTINGS do_not_merge_across_partitions_select_final = 1", strings.Join(l.shownNames(), ", "), identifier(eventsRows))
}

// shownNames are the columns of the view of the events.
func (l layout) shownNames() []string {
	names := slices.DeleteFunc(eventNames(), func(n string) bool { return n == "version" })
	if l.json {
		names = append(names, jsonColumn)
	}
	return names
}

// eventsByPerson shows events with the persons that they belong to now.
func (l layout) eventsByPerson() string {
	var columns []string
	for _, n := range l.shownNames() {
		if n == "person_id" {
			columns = append(columns, "ifNull(toUUIDOrNull(m.person_id), e.person_id) AS person_id")
			continue
		}
		columns = append(columns, fmt.Sprintf("e.%s AS %s", n, n))
	}
	return fmt.Sprintf("SELECT %s\nFROM %s AS e\nLEFT JOIN %s AS m ON m.distinct_id = e.distinct_id\nSETTINGS join_use_nulls = 0",
		strings.Join(columns, ", "), identifier(eventsView), identifier(warehouse.PersonIDs))
}

func eventNames() []string {
	var names []string
	for _, c := range eventColumns {
		names = append(names, c.name)
	}
	return names
}
