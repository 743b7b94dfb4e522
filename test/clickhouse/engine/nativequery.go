package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// query takes a query with the tables that come along, runs it and answers. An error is one of the connection.
func (c *nativeConn) query() error {
	var q proto.Query
	if err := q.DecodeAware(c.in, c.revision); err != nil {
		return err
	}
	c.packer = nil
	if q.Compression == proto.CompressionEnabled {
		c.packer = compress.NewWriter(compress.LevelZero, packing(q.Settings))
	}
	tables, err := c.tables()
	if err != nil {
		return err
	}
	var gone connectionError
	switch err := c.withSession(func(s *session) error { return c.run(s, &q, tables) }); {
	case errors.As(err, &gone):
		return gone.error
	case errors.Is(err, errCancelled), err == nil:
		proto.ServerCodeEndOfStream.Encode(&c.out)
		return c.send()
	default:
		return c.exception(err)
	}
}

// connectionError is an error of the connection, as against one of the engine, which the client is told of.
type connectionError struct{ error }

var errCancelled = errors.New("the query was cancelled")

// packing is how blocks are compressed: LZ4, unless a setting says something else.
func packing(settings []proto.Setting) compress.Method {
	for _, s := range settings {
		if s.Key == "network_compression_method" && strings.EqualFold(s.Value, "ZSTD") {
			return compress.ZSTD
		}
	}
	return compress.LZ4
}

// sentTable is a table that comes with a query.
type sentTable struct {
	columns []head
	data    proto.Buffer
}

// tables reads the tables that come with a query, the last of which is an empty block.
func (c *nativeConn) tables() (map[string]*sentTable, error) {
	tables := map[string]*sentTable{}
	for {
		code, err := c.next()
		if err == nil && code != proto.ClientCodeData {
			err = fmt.Errorf("want data behind a query, got a packet with the code %d", code)
		}
		if err != nil {
			return nil, err
		}
		t := &sentTable{}
		name, b, err := c.data(&t.data)
		if err != nil || len(b.columns) == 0 {
			return tables, err
		}
		t.columns = b.columns
		tables[name] = t
	}
}

// data reads a packet of data behind its code, and appends the block as the engine reads it.
func (c *nativeConn) data(to *proto.Buffer) (name string, b block, err error) {
	if name, err = c.in.Str(); err != nil {
		return name, b, err
	}
	if c.packer != nil {
		c.in.EnableCompression()
		defer c.in.DisableCompression()
	}
	b, err = copyBlock(to, engineRevision, c.in, c.revision)
	return name, b, err
}

// run gives a session what a query says of it, and runs the query. readonly comes last: it forbids the tables.
func (c *nativeConn) run(s *session, q *proto.Query, tables map[string]*sentTable) error {
	var settings, last []assignment
	for _, set := range q.Settings {
		if set.Key == "readonly" {
			last = append(last, assignment{set.Key, set.Value})
			continue
		}
		settings = append(settings, assignment{set.Key, set.Value})
	}
	for _, p := range q.Parameters {
		settings = append(settings, assignment{"param_" + p.Key, undump(p.Value)})
	}
	if err := prepare(s, c.database, settings); err != nil {
		return err
	}
	for name, t := range tables {
		if err := c.keep(s, name, t); err != nil {
			return err
		}
	}
	if err := prepare(s, "", last); err != nil {
		return err
	}
	if into, ok := awaitsData(q.Body); ok {
		return c.insert(s, into)
	}
	return c.answer(s, q.Body)
}

func (c *nativeConn) keep(s *session, name string, t *sentTable) error {
	if !settingName.MatchString(name) {
		return fmt.Errorf("a table named %q", name)
	}
	var columns []string
	for _, column := range t.columns {
		columns = append(columns, "`"+column.name+"` "+column.typ)
	}
	if _, err := s.exec(fmt.Sprintf("CREATE TEMPORARY TABLE %s (%s)", name, strings.Join(columns, ", ")), "Null"); err != nil {
		return err
	}
	return c.load(s, name, "Native", bytes.NewReader(t.data.Buf))
}

// undump reads a parameter, which is spelled as a text of SQL.
func undump(dump string) string {
	text, ok := strings.CutPrefix(dump, "'")
	if !ok {
		return dump
	}
	return strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\0`, "\x00", `''`, `'`).Replace(strings.TrimSuffix(text, "'"))
}

var (
	dataFollows = regexp.MustCompile(`(?is)^\s*insert\s+into\s+(.+?)\s+(?:format\s+\w+|values)\s*$`)
	target      = regexp.MustCompile(`(?s)^\s*(?:table\s+)?([^(]+?)\s*(?:\((.*)\))?\s*$`)
	answers     = regexp.MustCompile(`(?is)^[\s(]*(select|with|show|describe|desc|exists|explain)\b`)
)

// awaitsData tells the table of an INSERT whose data comes after it.
func awaitsData(statement string) (into string, ok bool) {
	m := dataFollows.FindStringSubmatch(statement)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// insert tells the client of the table's columns, takes its blocks and stores them all at once. As on a server, what forbids the insert altogether is
// noticed before the first block.
func (c *nativeConn) insert(s *session, into string) error {
	m := target.FindStringSubmatch(into)
	if m == nil {
		return fmt.Errorf("an insert into %s", into)
	}
	columns := m[2]
	if columns == "" {
		columns = "*"
	}
	none := fmt.Sprintf("SELECT %s FROM %s LIMIT 0", columns, m[1])
	header, err := s.columns(none)
	if err != nil {
		return err
	}
	if _, err := s.exec(fmt.Sprintf("INSERT INTO %s %s", into, none), "Null"); err != nil {
		return err
	}
	proto.ServerCodeTableColumns.Encode(&c.out)
	c.out.PutString("")
	c.out.PutString("columns format version: 1\n0 columns:\n")
	if err := c.sendHeader(header); err != nil {
		return err
	}
	rows, data, err := c.blocks()
	if err != nil || rows == 0 {
		return err
	}
	if err := c.store(func() error { return c.load(s, into, "Native", bytes.NewReader(data)) }); err != nil {
		return err
	}
	proto.ServerCodeProgress.Encode(&c.out)
	proto.Progress{WroteRows: uint64(rows), WroteBytes: uint64(len(data))}.EncodeAware(&c.out, c.revision)
	return nil // it is sent with the end
}

// blocks reads the blocks of an insert up to the empty one.
func (c *nativeConn) blocks() (rows int, data []byte, err error) {
	var all proto.Buffer
	for {
		code, err := c.next()
		switch {
		case err != nil:
			return 0, nil, connectionError{err}
		case code == proto.ClientCodeCancel:
			return 0, nil, errCancelled
		case code != proto.ClientCodeData:
			return 0, nil, connectionError{fmt.Errorf("want the data of an insert, got a packet with the code %d", code)}
		}
		end := len(all.Buf)
		_, b, err := c.data(&all)
		if err != nil {
			return 0, nil, connectionError{err}
		}
		if len(b.columns) == 0 {
			return rows, all.Buf[:end], nil
		}
		rows += b.rows
	}
}

// answer runs a statement that is no insert of data to come.
func (c *nativeConn) answer(s *session, statement string) error {
	c.readAhead()
	a := &nativeAnswer{nativeConn: c}
	if streams.MatchString(statement) {
		if err := s.stream(statement, "Native", a.piece); err != nil {
			return err
		}
	} else {
		out, err := s.exec(statement, "Native")
		if err != nil {
			return err
		}
		if err := a.piece(out); err != nil {
			return err
		}
	}
	if !a.started {
		if !answers.MatchString(statement) {
			return nil
		}
		header, err := s.columns(statement) // a result without rows has none, which a server sends anyway
		if err != nil {
			return err
		}
		if err := c.sendHeader(header); err != nil {
			return err
		}
	}
	a.profile()
	return nil // it is sent with the end
}

// nativeAnswer is the result of one query.
type nativeAnswer struct {
	*nativeConn
	started bool
	total   proto.Profile
}

// piece sends the blocks of a piece of the engine's result, the first behind a block that tells of the columns.
func (a *nativeAnswer) piece(data []byte) error {
	in := proto.NewReader(bytes.NewReader(data))
	for {
		if ended, err := a.cancelled(); err != nil {
			return connectionError{err}
		} else if ended {
			return errCancelled
		}
		var body proto.Buffer
		b, err := copyBlock(&body, a.revision, in, engineRevision)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !a.started {
			a.started = true
			if err := a.sendHeader(b.columns); err != nil {
				return err
			}
		}
		if b.rows == 0 {
			continue
		}
		a.total.Rows, a.total.Blocks, a.total.Bytes = a.total.Rows+uint64(b.rows), a.total.Blocks+1, a.total.Bytes+uint64(len(body.Buf))
		if err := a.sendBlock(body.Buf); err != nil {
			return err
		}
	}
}

func (a *nativeAnswer) profile() {
	a.total.EncodeAware(&a.out, a.revision)
	proto.ServerCodeProgress.Encode(&a.out)
	proto.Progress{Rows: a.total.Rows, Bytes: a.total.Bytes}.EncodeAware(&a.out, a.revision)
}

func (c *nativeConn) sendHeader(columns []head) error {
	var body proto.Buffer
	putHeader(&body, c.revision, columns)
	return c.sendBlock(body.Buf)
}

// frame is how much is compressed at once.
const frame = 1 << 20

func (c *nativeConn) sendBlock(body []byte) error {
	proto.ServerCodeData.Encode(&c.out)
	c.out.PutString("")
	if c.packer == nil {
		c.out.PutRaw(body)
		body = nil
	}
	for len(body) > 0 {
		n := min(len(body), frame)
		if err := c.packer.Compress(body[:n]); err != nil {
			return err
		}
		c.out.PutRaw(c.packer.Data)
		body = body[n:]
	}
	if err := c.send(); err != nil {
		return connectionError{err}
	}
	return nil
}
