package clickhouse

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ClickHouse takes some of these characters for spaces and quotes, which would have to be told apart as it does.
var errBare = errors.New("outside of quotes and comments, only ASCII is possible, and $ only within a name: put the name between backquotes")

var errNotARead = errors.New("want exactly one statement that reads: SELECT, WITH, EXPLAIN, DESCRIBE, SHOW or EXISTS")

// token is a piece of a statement. Words are names and keywords; texts, quoted names and comments are of kinds of their own.
type token struct {
	kind tokenKind
	text string
}

type tokenKind byte

const (
	space tokenKind = iota // and comments
	word
	quotedName
	quotedText
	sign // one character
)

// scan takes a statement apart as ClickHouse's lexer does, as far as is needed to tell what is text and what is not.
func scan(sql string) []token {
	var tokens []token
	for i := 0; i < len(sql); {
		end, kind := next(sql, i)
		tokens = append(tokens, token{kind, sql[i:end]})
		i = end
	}
	return tokens
}

func next(sql string, i int) (end int, kind tokenKind) {
	rest := sql[i:]
	switch c := sql[i]; {
	case strings.ContainsRune(" \t\r\n\f\v\x00", rune(c)):
		return i + 1, space
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
		return i + until(rest, "\n"), space
	case strings.HasPrefix(rest, "/*"):
		return i + 2 + until(rest[2:], "*/"), space
	case c == '\'':
		return quoted(sql, i, c), quotedText
	case c == '"' || c == '`':
		return quoted(sql, i, c), quotedName
	case c == '$':
		if n := heredoc(rest); n > 0 {
			return i + n, quotedText
		}
	case isWord(c):
		for i < len(sql) && (isWord(sql[i]) || sql[i] == '$') { // what follows a $ in a name is no heredoc
			i++
		}
		return i, word
	}
	return i + 1, sign
}

// until is the length up to and with mark, or all of it.
func until(text, mark string) int {
	if n := strings.Index(text, mark); n >= 0 {
		return n + len(mark)
	}
	return len(text)
}

func quoted(sql string, i int, quote byte) int {
	for i++; i < len(sql); i++ {
		switch sql[i] {
		case '\\':
			i++
		case quote:
			if i+1 >= len(sql) || sql[i+1] != quote {
				return i + 1
			}
			i++
		}
	}
	return len(sql)
}

// heredoc is the length of $tag$ … $tag$ at the start of a text, or 0.
func heredoc(text string) int {
	n := strings.IndexByte(text[1:], '$')
	if n < 0 || strings.ContainsFunc(text[1:1+n], func(r rune) bool { return r > 127 || !isWord(byte(r)) }) {
		return 0
	}
	tag := text[:n+2]
	end := strings.Index(text[len(tag):], tag)
	if end < 0 {
		return 0
	}
	return 2*len(tag) + end
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// statement is one that reads, taken apart.
type statement []token

// allow refuses everything but one statement that reads. The server refuses writes itself, since the session is read-only; what it does not
// know is that a reader of events should not reach for files and other servers through it.
func allow(query string) (statement, error) {
	tokens := scan(query)
	for len(tokens) > 0 && (tokens[len(tokens)-1].kind == space || tokens[len(tokens)-1].text == ";") {
		tokens = tokens[:len(tokens)-1]
	}
	if !slices.Contains([]string{"select", "with", "explain", "describe", "desc", "show", "exists"}, statement(tokens).verb()) {
		return nil, errNotARead
	}
	for i, t := range tokens {
		name := strings.ToLower(t.text)
		switch {
		case t.kind == sign && t.text == ";":
			return nil, errNotARead
		case t.kind == sign && (t.text[0] >= 0x80 || t.text == "$"):
			return nil, errBare
		case t.kind == word && isOutput(name, following(tokens[i+1:]).kind):
			return nil, errors.New("FORMAT and INTO OUTFILE are not possible here")
		case t.kind == quotedName:
			name = strings.ToLower(strings.Trim(t.text, "\"`"))
			fallthrough
		case t.kind == word:
			if called(tokens[i+1:]) && (reaches(name) || strings.Contains(name, `\`)) { // an escape could be any letter
				return nil, fmt.Errorf("the function %s is not allowed", name)
			}
		}
	}
	return tokens, nil
}

// verb is the word that a statement begins with, in lower case.
func (s statement) verb() string {
	for _, t := range s {
		if t.kind != space && t.text != "(" {
			return strings.ToLower(t.text)
		}
	}
	return ""
}

// selects reports whether the statement is a query, which may stand in another one.
func (s statement) selects() bool { return s.verb() == "select" || s.verb() == "with" }

// isOutput knows FORMAT and INTO OUTFILE, which are told from columns of these names by what follows.
func isOutput(name string, next tokenKind) bool {
	return name == "format" && next == word || name == "outfile" && (next == word || next == quotedText)
}

func following(tokens []token) token {
	for _, t := range tokens {
		if t.kind != space {
			return t
		}
	}
	return token{}
}

func called(tokens []token) bool { return following(tokens).text == "(" }

// reaching are functions that read files, other servers or the process, or run other statements; those that begin with one of
// reachingPrefixes too.
var (
	reaching = []string{"file", "url", "executable", "input", "hdfs", "mysql", "postgresql", "mongodb", "redis", "sqlite", "odbc", "jdbc", "cluster",
		"clusterallreplicas", "gcs", "oss", "cosn", "hudi", "filesystem", "python", "dictionary", "catboostevaluate", "arrowflight", "ytsaurus", "sleep",
		"sleepeachrow", "getmacro", "getsetting", "getserverport", "loop", "fuzzquery"}
	reachingPrefixes = []string{"s3", "remote", "azure", "iceberg", "deltalake", "paimon", "url", "hdfs", "filecluster", "prometheus", "timeseries"}
)

func reaches(name string) bool {
	if slices.Contains(reaching, name) {
		return true
	}
	// Functions of texts, such as urlHash, share a prefix with urlCluster.
	if strings.HasPrefix(name, "url") && name != "urlcluster" {
		return false
	}
	return slices.ContainsFunc(reachingPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// bind puts a parameter of the server's in the place of each ?, and spells the arguments.
func (s statement) bind(args []any) (string, clickhouse.Parameters, error) {
	var b strings.Builder
	parameters, n := clickhouse.Parameters{}, 0
	for _, t := range s {
		if len(args) == 0 || t.kind != sign || t.text != "?" {
			b.WriteString(t.text)
			continue
		}
		if n == len(args) {
			return "", nil, fmt.Errorf("the statement has more ? than the %d arguments", len(args))
		}
		typ, text, err := spellArgument(args[n])
		if err != nil {
			return "", nil, fmt.Errorf("argument %d: %w", n+1, err)
		}
		name := "prickle_" + strconv.Itoa(n)
		fmt.Fprintf(&b, "{%s:%s}", name, typ)
		parameters[name] = text
		n++
	}
	if n < len(args) {
		return "", nil, fmt.Errorf("the statement has %d ? for %d arguments", n, len(args))
	}
	return b.String(), parameters, nil
}

func spellArgument(arg any) (typ, text string, err error) {
	switch v := arg.(type) {
	case nil:
		return "Nullable(String)", `\N`, nil
	case string:
		return "String", escapeParameter(v), nil
	case []byte:
		return "String", escapeParameter(string(v)), nil
	case bool:
		return "Bool", strconv.FormatBool(v), nil
	case int, int8, int16, int32, int64:
		return "Int64", fmt.Sprint(v), nil
	case uint, uint8, uint16, uint32, uint64:
		return "UInt64", fmt.Sprint(v), nil
	case float32, float64:
		return "Float64", fmt.Sprint(v), nil
	case time.Time:
		return "DateTime64(6, 'UTC')", v.UTC().Format("2006-01-02 15:04:05.000000"), nil
	case fmt.Stringer:
		return "String", escapeParameter(v.String()), nil
	}
	return "", "", fmt.Errorf("a %T cannot be an argument", arg)
}

// escapeParameter escapes as in the format TabSeparated, which the server reads parameters in.
func escapeParameter(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`).Replace(s)
}
