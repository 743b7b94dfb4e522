package clickhouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// abilities are what a server can do of what is not in all versions.
type abilities struct {
	version string
	json    bool // the column properties_json exists or shall
}

// The versions from which servers are taken, and from which the type JSON is ready for production.
var (
	oldest    = [2]uint64{24, 8}
	firstJSON = [2]uint64{25, 3}
)

// tryJSON is what has to work for the column properties_json: its type, and filling it from text that may be none.
const tryJSON = "SELECT toString(accurateCastOrDefault(materialize('{\"a\":1}'), '" + jsonType + "'))"

// probe asks a server for its version and tries what it needs of it.
func probe(ctx context.Context, conn clickhouse.Conn, json string) (abilities, error) {
	if err := conn.Ping(ctx); err != nil { // the version comes with the connection, and has no context of its own
		return abilities{}, err
	}
	server, err := conn.ServerVersion()
	if err != nil {
		return abilities{}, err
	}
	v := server.Version
	a := abilities{version: fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)}
	if before(v.Major, v.Minor, oldest) {
		return a, fmt.Errorf("the server is ClickHouse %s: want 24.8 or later", a.version)
	}
	if json == "off" {
		return a, nil
	}
	unable := errors.New("want 25.3 or later")
	if !before(v.Major, v.Minor, firstJSON) {
		var text string
		unable = conn.QueryRow(ctx, tryJSON).Scan(&text)
		if unable != nil && (codeOf(unable) == 0 || isOverload(unable) || isPassing(unable)) {
			return a, unable // which says nothing about the type
		}
	}
	if unable != nil && json == "on" {
		return a, fmt.Errorf("json: on: ClickHouse %s has no JSON columns ready for this: %w", a.version, unable)
	}
	a.json = unable == nil
	return a, nil
}

func before(major, minor uint64, v [2]uint64) bool {
	return major < v[0] || major == v[0] && minor < v[1]
}
