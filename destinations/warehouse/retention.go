package warehouse

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// AllTables stands among Retentions for all tables of sources.
const AllTables = "*"

// Retentions say how long rows of the tables of sources are kept, by the tables' names as readers use them: stripe_charges.
type Retentions map[string]Retention

// Retention is how long rows of a table are kept. What is past it goes with Compact, and is not inserted again by Merge.
type Retention struct {
	// Rows is how long rows are kept by the time in their column By, at least a day; 0, the default, is for ever.
	Rows time.Duration `yaml:"retention"`
	// By is a column of times; it is required with Rows. A row that has none there stays.
	By string `yaml:"by"`
	// Deleted is how long rows are kept after their object was deleted at the source, at least a day; 0, the default, is as long as AllTables says,
	// or for ever.
	Deleted time.Duration `yaml:"deleted"`
	// Pos is where the table is named.
	Pos pipeline.Pos `yaml:",pos"`
}

// passesTable is the one table of Prickle's own whose rows go by their age.
const passesTable = "sync_runs"

// shortest is what a row is kept for at least: what is past its retention goes once a day.
const shortest = 24 * time.Hour

var (
	tableName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	// own are the tables of Prickle's own, and what is kept there.
	own = map[string]string{
		"events": "events", EventsByPerson: "events",
		"persons": "profiles", "groups": "profiles", PersonIDs: "profiles", "properties": "the schema",
	}
)

// Validate reports what can hold for no table.
func (r Retentions) Validate() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(r)) {
		one := r[name]
		for _, mistake := range append(checkName(name), one.check(name == AllTables)...) {
			errs = append(errs, pipeline.Errorf(one.Pos, "tables: %s: %s", name, mistake))
		}
	}
	return errors.Join(errs...)
}

func checkName(name string) []string {
	readers := strings.TrimSuffix(strings.TrimSuffix(name, allSuffix), rowsSuffix)
	switch {
	case name == AllTables:
	case own[name] == "events":
		return []string{"the retention of events stands beside tables, not in it"}
	case own[name] != "":
		return []string{"is Prickle's own table of " + own[name] + ", whose rows do not go by their age: leave it out"}
	case readers != name:
		return []string{"want the name that readers use, " + readers}
	case !tableName.MatchString(name) || len(name) > longestTable:
		return []string{"can be no table of a source: want its name as queries have it, in lower case"}
	}
	return nil
}

func (r Retention) check(all bool) (mistakes []string) {
	switch {
	case all && (r.Rows != 0 || r.By != ""):
		return []string{"retention and by are for one table, which is to be named; deleted is for all of them"}
	case r.Rows == 0 && r.By == "" && r.Deleted == 0:
		return []string{"want retention with by, or deleted"}
	case r.Rows != 0 && r.By == "":
		mistakes = append(mistakes, "by is missing: want the column of the time that counts, such as created")
	case r.Rows == 0 && r.By != "":
		mistakes = append(mistakes, "retention is missing: want how long rows are kept after the time in by, such as 1095d")
	case strings.HasPrefix(r.By, "_sync_"):
		mistakes = append(mistakes, "by: "+r.By+" tells when a row was read, not how old it is: want a column of the object, such as created")
	}
	if r.Rows != 0 && r.Rows < shortest {
		mistakes = append(mistakes, "retention: want at least 1d")
	}
	if r.Deleted != 0 && r.Deleted < shortest {
		mistakes = append(mistakes, "deleted: want at least 1d")
	}
	return mistakes
}

// CheckSources reports tables that none of the sources can have, which are those that the store is filled by. Nil is for a store that no source fills.
func (r Retentions) CheckSources(sources []string) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(r)) {
		switch {
		case sources == nil:
			err := pipeline.Errorf(r[name].Pos, "tables: %s: this store has no tables of sources", name)
			err.Hint = "they are in the project's warehouse alone: say it there"
			errs = append(errs, err)
		case name == passesTable && len(sources) > 0:
		case name != AllTables && !slices.ContainsFunc(sources, func(s string) bool { return mayHave(s, name) }):
			err := pipeline.Errorf(r[name].Pos, "tables: %s: no source of the project can have this table", name)
			err.Hint = "names of tables begin with that of their source, as in stripe_charges"
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// mayHave reports whether a source may have a table of this name. Of a long name only the beginning is in the table's.
func mayHave(source, table string) bool {
	prefix := TableName(source, "x")
	return strings.HasPrefix(table, prefix[:min(len(prefix)-1, longestTable-10)])
}

// SourceTable is a table of a source as it is in a store.
type SourceTable struct {
	Source string
	*Table
}

// Warnings say which of the retentions do nothing in the tables that there are, and what to do about it.
func (r Retentions) Warnings(tables []SourceTable) (warnings []string) {
	var names []string
	for _, t := range tables {
		if isOwn(t.Source, t.Name) {
			continue
		}
		names = append(names, t.Name)
		if e := r.Expiry(t.Source, t.Table, time.Time{}); e.warning != "" {
			warnings = append(warnings, e.warning)
		}
	}
	if len(names) == 0 { // no source has been read yet
		return nil
	}
	slices.Sort(names)
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if name != AllTables && !slices.Contains(names, name) {
			warnings = append(warnings, fmt.Sprintf("tables: there is no table %s: name one of %s, or leave it out", name, strings.Join(names, ", ")))
		}
	}
	return warnings
}

// isOwn tells a table of a source of Prickle's own, whose rows do not go by their age.
func isOwn(source, table string) bool { return strings.HasPrefix(source, "_") && table != passesTable }

// Expiry is what is past its retention in one table. The zero value is nothing.
type Expiry struct {
	column  int       // of the table
	name    string    // of the column, "" for none
	before  time.Time // rows with an earlier time in the column are past it
	deleted time.Time // rows of objects that were deleted earlier are, too; zero for none
	warning string
}

// Expiry is what is past its retention now in a table of a source. A column that is not there, or has no times, makes nothing go.
func (r Retentions) Expiry(source string, t *Table, now time.Time) (e Expiry) {
	if len(r) == 0 || isOwn(source, t.Name) {
		return e
	}
	one := r[t.Name]
	if after := cmp.Or(one.Deleted, r[AllTables].Deleted); after != 0 {
		e.deleted = cutoff(now, after)
	}
	if one.Rows == 0 {
		return e
	}
	e.column = slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == one.By })
	switch {
	case e.column < 0:
		e.warning = fmt.Sprintf("tables: %s has no column %s: name %s as by; nothing is deleted by its age until then", t.Name, one.By, t.times())
	case t.Columns[e.column].Type != pipeline.Instant:
		e.warning = fmt.Sprintf("tables: the column %s of %s is of the type %s and has no times: name %s as by; nothing is deleted by its age until then",
			one.By, t.Name, t.Columns[e.column].Type, t.times())
	default:
		e.name, e.before = one.By, cutoff(now, one.Rows)
	}
	return e
}

// cutoff is a moment as exact as stores keep times.
func cutoff(now time.Time, ago time.Duration) time.Time {
	return now.Add(-ago).UTC().Truncate(time.Microsecond)
}

// times names the columns of times.
func (t *Table) times() string {
	var names []string
	for _, c := range t.Columns {
		if c.Type == pipeline.Instant {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return "a column of times, once it has one,"
	}
	return "one of its times (" + strings.Join(names, ", ") + ")"
}

// None reports whether nothing can be past it.
func (e *Expiry) None() bool { return e.name == "" && e.deleted.IsZero() }

// Mark sets Past of the states of a table that are past it.
func (e *Expiry) Mark(t *Table, states []State) {
	if e.None() {
		return
	}
	for i := range states {
		s := &states[i]
		s.Past = s.DeletedAt != nil && s.DeletedAt.Before(e.deleted) || e.name != "" && e.isOld(&t.Columns[e.column], s)
	}
}

func (e *Expiry) isOld(c *Column, s *State) bool {
	for _, f := range s.Fields {
		if f.Name != c.Field {
			continue
		}
		text, ok := Cell(c.Type, c.Declared, f.Value)
		at, err := time.Parse(time.RFC3339Nano, text)
		return ok && err == nil && at.Before(e.before)
	}
	return false
}

// Condition is what holds for the rows that are past it, in SQL; spell spells a time.
func (e *Expiry) Condition(spell func(time.Time) string) string {
	var past []string
	if e.name != "" {
		past = append(past, Identifier(e.name)+" < "+spell(e.before))
	}
	if !e.deleted.IsZero() {
		past = append(past, "_sync_deleted AND _sync_deleted_at < "+spell(e.deleted))
	}
	return "(" + strings.Join(past, " OR ") + ")"
}

// Expire deletes what is past its retention in every table. some deletes up to atOnce rows of one and returns how many those were; it is called until it
// finds fewer. A table that fails keeps nothing from the others: the errors are joined, each with its table's name.
func Expire(tables []SourceTable, atOnce int, log *slog.Logger, some func(t SourceTable) (int, error)) error {
	var errs []error
	for _, t := range tables {
		all := 0
		for n := atOnce; n == atOnce; all += n {
			var err error
			if n, err = some(t); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", t.Name, err))
				n = 0
			}
		}
		if all > 0 {
			log.Info("rows past their retention were deleted", "table", t.Name, "rows", all)
		}
	}
	return errors.Join(errs...)
}
