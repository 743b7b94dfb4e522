package postgres

import (
	"fmt"
	"strings"
	"testing"
)

// The words of statements, called ones with brackets, and what is refused before any server sees it.
func TestWords(t *testing.T) {
	for sql, want := range map[string]string{
		`SELECT a, "B""c" FROM t WHERE x = 'it''s; -- no' -- comment; drop`: `select a B"c from t where x`,
		`select /* a /* b */ c */ f (1), g/**/(2), h + (3)`:                 `select f() g() h`,
		`SELECT $1, $2::text, $$ f(1) $$, $x$ $$ ; $x$, a$b$c`:              `select text a$b$c`,
		`SELECT E'a\'; f(1)', e'\\', N'x', B'01', U&'\0041' UESCAPE '!'`:    `select n b u uescape`,
		`SELECT "F"(1), "f" (2);  -- the end`:                               `select F() f()`,
		`SELECT 1;;  ; /* */`:                                               `select`,
		`SELECT (x).f, t . "G", $1.h, a.b.c, 1.e, t.*`:                      `select() x .f t .G .h a .b .c e t`,
		`SELECT 1and pg_read_file('x')`:                                     `select and pg_read_file()`,
		`SELECT 1.5e3or f(1)`:                                               `select e3or f()`,
		"SELECT 'a'\n'b'":                                                   `select`,
		`SELECT 1; SELECT 2`:                                                `error: want one statement`,
		`SELECT 'a`:                                                         `error: a quote or a comment is not closed`,
		`SELECT $a$ $b$`:                                                    `error: a quote or a comment is not closed`,
		`SELECT /* /* */`:                                                   `error: a quote or a comment is not closed`,
		`SELECT U&"\0066"(1)`:                                               `error: names written as`,
		"SELECT E'a'\n'b\\'' , pg_read_file('x') --'":                       `error: a text that follows`,
		"SELECT 1\x00; DROP TABLE x":                                        `error: a zero byte`,
	} {
		found, err := words(sql)
		var got []string
		for _, w := range found {
			if w.call {
				w.text += "()"
			}
			if w.attribute {
				w.text = "." + w.text
			}
			got = append(got, w.text)
		}
		if err != nil {
			got = []string{"error:", err.Error()}
		}
		if text := strings.Join(got, " "); text != want && !(err != nil && strings.HasPrefix(text, want)) {
			t.Errorf("%s\n got %s\nwant %s", sql, text, want)
		}
	}
}

func TestCheckStatement(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT count(*), f(1) FROM t":                           "[count f] [] <nil>",
		"SELECT t.system, (x).f, pg_catalog.now(), t.* FROM a.t": "[now] [f system t] <nil>",
		"EXPLAIN (ANALYZE, FORMAT json) SELECT now()":            "[explain now] [] <nil>",
		"explain analyze verbose with x as (select 1) table x":   "[as] [] <nil>",
		"VALUES (1)":                           "[values] [] <nil>",
		"SHOW server_version":                  "[] [] <nil>",
		"EXPLAIN DELETE FROM events":           "[] [] " + errNotARead.Error(),
		"ANALYZE events":                       "[] [] " + errNotARead.Error(),
		"":                                     "[] [] " + errNotARead.Error(),
		`"select" 1`:                           "[] [] " + errNotARead.Error(),
		"COPY events TO '/tmp/x'":              "[] [] " + errNotARead.Error(),
		"SELECT dblink_connect('x')":           "[] [] dblink_connect is not allowed",
		`SELECT "pg_read_file"('/etc/passwd')`: "[pg_read_file] [] <nil>",
		"SELECT rolpassword FROM pg_authid":    "[] [] pg_authid is not allowed",
	} {
		c, err := checkStatement(sql)
		if got := fmt.Sprint(c.made, " ", c.attributes, " ", err); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}
