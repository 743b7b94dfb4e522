package clickhouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Codes of the server's errors, as its own list names them.
const (
	unknownTable          = 60
	unknownDatabase       = 81
	accessDenied          = 497
	authenticationFailed  = 516
	wrongPassword         = 193
	unknownUser           = 192
	readonly              = 164
	tooManyParts          = 252
	memoryLimit           = 241
	tooManyQueries        = 202
	timeoutExceeded       = 159
	notEnoughSpace        = 243
	tableIsReadOnly       = 242
	tableExists           = 57
	noElementInConfig     = 36
	clusterDoesNotExist   = 701
	databaseReplicatedErr = 650
)

// valueFaults are the codes of a server that does not accept a value in a block.
var valueFaults = []int32{
	6,   // CANNOT_PARSE_TEXT
	26,  // CANNOT_PARSE_QUOTED_STRING
	27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
	38,  // CANNOT_PARSE_DATE
	41,  // CANNOT_PARSE_DATETIME
	53,  // TYPE_MISMATCH
	70,  // CANNOT_CONVERT_TYPE
	72,  // CANNOT_PARSE_NUMBER
	69,  // ARGUMENT_OUT_OF_BOUND
	117, // INCORRECT_DATA
	128, // TOO_LARGE_ARRAY_SIZE
	131, // TOO_LARGE_STRING_SIZE
	321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
	376, // CANNOT_PARSE_UUID
	407, // DECIMAL_OVERFLOW
	469, // VIOLATED_CONSTRAINT
	306, // TOO_DEEP_RECURSION
}

func codeOf(err error) int32 {
	var e *clickhouse.Exception
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// isValueFault reports whether the server refused a value, as against a disk, memory or server that could not do its work.
func isValueFault(err error) bool { return slices.Contains(valueFaults, codeOf(err)) }

// isOverload reports whether the server asks for fewer or larger inserts, or later ones.
func isOverload(err error) bool {
	return slices.Contains([]int32{tooManyParts, memoryLimit, tooManyQueries, timeoutExceeded}, codeOf(err))
}

// passing are the codes of a server that stops, or whose own connections fail: another try may go well.
var passing = []int32{
	209, // SOCKET_TIMEOUT
	210, // NETWORK_ERROR
	236, // ABORTED
	394, // QUERY_WAS_CANCELLED
	439, // CANNOT_SCHEDULE_TASK
	999, // KEEPER_EXCEPTION
}

func isPassing(err error) bool { return slices.Contains(passing, codeOf(err)) }

// isUnsure reports whether what was sent may have been stored or not: the connection ended before the answer.
func isUnsure(err error) bool {
	return err != nil && codeOf(err) == 0 && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// explain says what to do about an error of the server, and takes the password out of it.
func (w *Warehouse) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ended(ctx, err); ended != nil {
		return ended
	}
	if advice := w.advice(err); advice != "" {
		return &serverError{advice, err}
	}
	return &serverError{w.config.redact(firstLine(err.Error())), err}
}

// ended is the context's error when it is over. Over the native protocol its deadline is the connection's too, which may be noticed first.
func ended(ctx context.Context, err error) error {
	deadline, ok := ctx.Deadline()
	if ok && errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// serverError is an error of the server in our words; the server's own is kept for errors.As.
type serverError struct {
	text string
	err  error
}

func (e *serverError) Error() string { return e.text }
func (e *serverError) Unwrap() error { return e.err }

func (w *Warehouse) advice(err error) string {
	user, db, host := w.options.Auth.Username, w.options.Auth.Database, strings.Join(w.options.Addr, ", ")
	if user == "" {
		user = "default"
	}
	own := w.config.redact(firstLine(err.Error()))
	switch codeOf(err) {
	case authenticationFailed, wrongPassword, unknownUser:
		return fmt.Sprintf("%s does not let the user %q in: check user and password", host, user)
	case unknownDatabase:
		return fmt.Sprintf("there is no database %q: create it (CREATE DATABASE %s), or name another one", db, db)
	case accessDenied:
		return fmt.Sprintf("the user %q lacks a right: %s. It needs SELECT, INSERT, ALTER, CREATE, DROP and OPTIMIZE on %s.*", user, own, db)
	case readonly, tableIsReadOnly:
		return fmt.Sprintf("the user %q or the table is read-only: %s", user, own)
	case notEnoughSpace:
		return "the server's disk is full: " + own
	case tooManyParts:
		return "the server has too many parts to merge, inserts wait: " + own
	case clusterDoesNotExist:
		return fmt.Sprintf("there is no cluster %q in the server's remote_servers: name another one, or leave cluster out", w.config.Cluster)
	}
	return networkAdvice(err, host, own)
}

// otherProtocol is what the client library says of a server that answers in another protocol, and what a server answers to HTTP on its native port.
var otherProtocol = []string{
	"unexpected packet", "handshake: failed to read packet", "malformed HTTP", "server gave HTTP response to HTTPS client",
	"is for clickhouse-client program",
}

func networkAdvice(err error, host, own string) string {
	var dial *net.OpError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is by an unknown authority: name its certificate as tls.ca", host)
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate of %s is for another name: %v; tls.server_name can say which", host, name)
	case errors.As(err, &dial) && dial.Op == "dial":
		return fmt.Sprintf("%s cannot be reached: %v", host, dial.Err)
	case errors.As(err, &plain) || slices.ContainsFunc(otherProtocol, func(said string) bool { return strings.Contains(own, said) }):
		return fmt.Sprintf("%s speaks another protocol: clickhouse:// goes to the native port (9000, 9440 with TLS), http:// to 8123 and https:// to 8443", host)
	}
	return ""
}

// firstLine leaves stack traces out.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	const longest = 500
	if len(line) > longest {
		line = line[:longest] + "…"
	}
	return line
}
