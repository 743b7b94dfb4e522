package main

import (
	"bytes"
	"regexp"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

var hello = regexp.MustCompile(`(?i)^\s*select\s+displayname\(\)\s*,\s*version\(\)\s*,\s*revision\(\)\s*,\s*timezone\(\)\s*$`)

func isHello(statement string) bool { return hello.MatchString(statement) }

// greet answers a client's first question, in the revision that it asks with, and tells it that the server's revision is 0. That is the one the
// library writes blocks in, so that all other results can be passed on as they are.
func greet(s *session, version string, revision uint64) ([]byte, error) {
	if version == "" {
		version = "version()"
	} else {
		version = quote(version) + " AS `version()`"
	}
	out, err := s.exec("SELECT displayName(), "+version+", toUInt32(0) AS `revision()`, timezone()", "Native")
	if err != nil {
		return nil, err
	}
	block := proto.Block{ServerContext: &column.ServerContext{}}
	if err := block.Decode(chproto.NewReader(bytes.NewReader(out)), 0); err != nil {
		return nil, err
	}
	var buffer chproto.Buffer
	if err := block.Encode(&buffer, revision); err != nil {
		return nil, err
	}
	return buffer.Buf, nil
}
