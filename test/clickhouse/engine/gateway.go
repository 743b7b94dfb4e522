package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// gateway speaks ClickHouse's HTTP interface. Every request has a session of its own.
type gateway struct {
	library        *library
	dir            string
	user, password string
	version        string // that clients are told, "" for the engine's own
	dieAfter       int64
	inserts        atomic.Int64
}

// exceptionTag stands in the header of a response and in an exception in the middle of its body, which is how a client tells one from data.
const exceptionTag = "prickletestengin"

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	a := newAnswer(w, r)
	if err := g.authenticate(r); err != nil {
		a.fail(err)
		return
	}
	s, err := g.library.open(g.dir)
	if err != nil {
		a.fail(err)
		return
	}
	defer s.close()
	if err := g.serve(s, a, r); err != nil {
		a.fail(err)
		return
	}
	a.finish()
}

func (g *gateway) authenticate(r *http.Request) error {
	user, password, ok := r.BasicAuth()
	if !ok {
		user, password = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	}
	return g.admit(user, password)
}

func (g *gateway) admit(user, password string) error {
	if user == "" {
		user = "default"
	}
	if user != g.user || password != g.password {
		return fmt.Errorf("Code: 516. DB::Exception: %s: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)", user) //nolint:staticcheck // as the server words it
	}
	return nil
}

func (g *gateway) serve(s *session, a *answer, r *http.Request) error {
	params := r.URL.Query()
	if parts, err := r.MultipartReader(); err == nil {
		statement, err := g.receiveTables(s, params, parts)
		if err != nil {
			return err
		}
		return g.run(s, a, statement)
	}
	body, err := requestBody(r)
	if err != nil {
		return err
	}
	if err := prepare(s, params.Get("database"), settings(params)); err != nil {
		return err
	}
	if statement := params.Get("query"); statement != "" {
		if into, format, ok := insertsBody(statement); ok {
			return g.insert(s, into, format, body)
		}
		return g.run(s, a, statement)
	}
	statement, err := io.ReadAll(io.LimitReader(body, maxStatement))
	if err != nil {
		return err
	}
	return g.run(s, a, string(statement))
}

// maxStatement bounds a statement; data comes in bodies, which have no bound.
const maxStatement = 64 << 20

// notSettings are parameters of the interface that are no settings of the session.
var notSettings = map[string]bool{
	"query": true, "database": true, "default_format": true, "client_protocol_version": true, "compress": true, "decompress": true,
	"query_id": true, "quota_key": true, "user": true, "password": true, "wait_end_of_query": true, "buffer_size": true,
}

var settingName = regexp.MustCompile(`^\w+$`)

// assignment is a setting or a query parameter with its value.
type assignment struct{ name, value string }

// settings are those of a request, and its query parameters.
func settings(params url.Values) []assignment {
	var all []assignment
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !notSettings[name] && settingName.MatchString(name) {
			all = append(all, assignment{name, params.Get(name)})
		}
	}
	return all
}

// prepare gives a session its database, settings and query parameters.
func prepare(s *session, database string, all []assignment) error {
	if database != "" {
		if _, err := s.exec("USE `"+strings.ReplaceAll(database, "`", "``")+"`", "Null"); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		return nil
	}
	var assigned []string
	for _, a := range all {
		assigned = append(assigned, a.name+" = "+quote(a.value))
	}
	_, err := s.exec("SET "+strings.Join(assigned, ", "), "Null")
	return err
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

var (
	insertHead = regexp.MustCompile(`(?is)^\s*insert\s+into\s+(.+?)\s+format\s+(\w+)\s*$`)
	streams    = regexp.MustCompile(`(?is)^[\s(]*(select|with)\b`)
)

// insertsBody tells the table and the format of an INSERT whose data is the request's body.
func insertsBody(statement string) (into, format string, ok bool) {
	m := insertHead.FindStringSubmatch(statement)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// insert stores the data of a request's body.
func (g *gateway) insert(s *session, into, format string, body io.Reader) error {
	return g.store(func() error { return g.load(s, into, format, body) })
}

// store does an insert, and ends the process behind the one that is to be the last.
func (g *gateway) store(insert func() error) error {
	n := g.inserts.Add(1)
	err := insert()
	if err == nil && n == g.dieAfter {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal has done its work
	}
	return err
}

// load takes data over a file, since the library reads no stream that is not a whole statement.
func (g *gateway) load(s *session, into, format string, data io.Reader) error {
	f, err := os.CreateTemp(g.dir, "insert-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = s.exec(fmt.Sprintf("INSERT INTO %s SELECT * FROM file(%s, %s)", into, quote(f.Name()), quote(format)), "Null")
	return err
}

// receiveTables makes the tables that come with a statement, of which the session's end is the end, and returns the statement.
func (g *gateway) receiveTables(s *session, params url.Values, parts *multipart.Reader) (statement string, err error) {
	own := url.Values{}
	for name, values := range params {
		if !strings.HasSuffix(name, "_structure") && !strings.HasSuffix(name, "_format") || strings.Contains(name, "output_format") {
			own[name] = values
		}
	}
	readonly := own.Get("readonly")
	own.Del("readonly")
	if err := prepare(s, params.Get("database"), settings(own)); err != nil {
		return "", err
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		if part.FileName() == "" && part.FormName() == "query" {
			text, err := io.ReadAll(io.LimitReader(part, maxStatement))
			if err != nil {
				return "", err
			}
			statement = string(text)
			continue
		}
		name := part.FormName()
		if !settingName.MatchString(name) {
			return "", fmt.Errorf("a table named %q", name)
		}
		if _, err := s.exec(fmt.Sprintf("CREATE TEMPORARY TABLE %s (%s)", name, params.Get(name+"_structure")), "Null"); err != nil {
			return "", err
		}
		if err := g.load(s, name, params.Get(name+"_format"), part); err != nil {
			return "", err
		}
	}
	if readonly != "" {
		return statement, prepare(s, "", []assignment{{"readonly", readonly}})
	}
	return statement, nil
}

func (g *gateway) run(s *session, a *answer, statement string) error {
	switch {
	case isHello(statement):
		hello, err := greet(s, g.version, a.revision)
		if err != nil {
			return err
		}
		return a.write(hello)
	case streams.MatchString(statement):
		if err := s.stream(statement, a.format, a.write); err != nil || a.started {
			return err
		}
	}
	out, err := s.exec(statement, a.format) // a stream without rows has no header either
	if err != nil || len(out) == 0 {
		return err
	}
	return a.write(out)
}

var coded = regexp.MustCompile(`(?s)^Code: (\d+)\.\s*(.*?)(?: \([A-Z0-9_]+\))?(?: \(version [^()]*(?:\([^()]*\))?\))?\s*$`)

// exceptionParts are the code and the message of an error of the engine.
func exceptionParts(err error) (code int, message string) {
	const unknown = 1001 // STD_EXCEPTION
	m := coded.FindStringSubmatch(err.Error())
	if m == nil {
		return unknown, err.Error()
	}
	if code, err = strconv.Atoi(m[1]); err != nil {
		code = unknown
	}
	return code, m[2]
}

func exceptionCode(err error) string {
	code, _ := exceptionParts(err)
	return strconv.Itoa(code)
}
