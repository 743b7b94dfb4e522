package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// isDataFault reports whether the server refused a value, as against a server that could not do its work: the classes data exception,
// integrity constraint violation and program limit exceeded. That something is there already is no fault of the value.
func isDataFault(err error) bool {
	var fault *pgconn.PgError
	if !errors.As(err, &fault) || len(fault.Code) != 5 || fault.Code == uniqueViolation {
		return false
	}
	class := fault.Code[:2]
	return class == "22" || class == "23" || class == "54"
}

// quotes reports whether the server's text may quote the value that it refused.
func quotes(err error) bool { return isDataFault(err) }

// code is the server's SQLSTATE, or "".
func code(err error) string {
	var fault *pgconn.PgError
	if errors.As(err, &fault) {
		return fault.Code
	}
	return ""
}

// mayPass reports whether the same transaction may succeed when it is tried again at once: it waited too long for a lock, or lost against
// another one.
func mayPass(err error) bool {
	switch code(err) {
	case "55P03", "40P01", "40001":
		return true
	}
	return false
}

// isUnreachable reports whether no server answered, or one that is starting up or going down.
func isUnreachable(err error) bool {
	var network net.Error
	switch c := code(err); {
	case c == "57P01" || c == "57P02" || c == "57P03" || c == "53300":
		return true
	case c != "":
		return false
	case strings.Contains(err.Error(), "tls"), strings.Contains(err.Error(), "certificate"):
		return false // a wrong setting, which does not pass by itself
	}
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded)
}

// advised adds to an error what to do about it. The driver's text for a failed connection names user and database, never the password.
func (w *Warehouse) advised(err error) error {
	if err == nil {
		return nil
	}
	if advice := w.advice(err); advice != "" {
		return fmt.Errorf("%w: %s", shortened(err), advice)
	}
	return shortened(err)
}

// shortened takes the address and the list of attempts out of the driver's text; the address stands before it already.
func shortened(err error) error {
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return err
	}
	var fault *pgconn.PgError
	if errors.As(err, &fault) {
		return fault
	}
	return connect.Unwrap()
}

func (w *Warehouse) advice(err error) string {
	user, database := warehouse.Identifier(w.address.user), warehouse.Identifier(w.address.database)
	switch code(err) {
	case "28P01":
		return "set password: in the configuration to the one of the user " + user
	case "28000":
		return "the server lets this user or address not in: see its pg_hba.conf"
	case "3D000":
		return "make it: CREATE DATABASE " + database
	case "25006":
		return "this server takes no writes (a standby, or default_transaction_read_only): name the primary, or add target_session_attrs=read-write to the url"
	case "53100":
		return "the server's disk is full: make room there; events wait until then"
	case "53300":
		return "the server has no connection left: lower connections: here or elsewhere, or raise max_connections there"
	case "42501":
		return w.missingGrant(err, user, database)
	case "55P03":
		return "another session holds the table: end long transactions there (SELECT * FROM pg_stat_activity), it is tried again"
	}
	return ""
}

// missingGrant names the statement that gives what was refused.
func (w *Warehouse) missingGrant(err error, user, database string) string {
	var fault *pgconn.PgError
	errors.As(err, &fault)
	schema := warehouse.Identifier(w.config.Schema)
	switch m := fault.Message; {
	case strings.Contains(m, "temporary tables"):
		return fmt.Sprintf("as its owner: GRANT TEMPORARY ON DATABASE %s TO %s", database, user)
	case strings.Contains(m, "for database"):
		return fmt.Sprintf("as its owner: GRANT CREATE ON DATABASE %s TO %s, or CREATE SCHEMA %s AUTHORIZATION %s", database, user, schema, user)
	case strings.Contains(m, "for schema"):
		return fmt.Sprintf("as its owner: GRANT USAGE, CREATE ON SCHEMA %s TO %s", schema, user)
	case strings.Contains(m, "must be owner"):
		return fmt.Sprintf("give the tables to the user that prickle is: ALTER … OWNER TO %s", user)
	}
	return fmt.Sprintf("as their owner: GRANT ALL ON ALL TABLES IN SCHEMA %s TO %s", schema, user)
}
