package clickhouse

import "testing"

// TestAllow refuses what must not reach a server, which would refuse only some of it, and lets through what looks like it and is not.
func TestAllow(t *testing.T) {
	for query, refused := range map[string]bool{
		"SELECT file('/etc/passwd')":                    true,
		"SELECT file\u00a0('/etc/passwd')":              true, // a space of Unicode's
		"SELECT “file”('/etc/passwd')":                  true, // quotes of Unicode's
		"SELECT `f\\x69le`('/etc/passwd')":              true,
		"SELECT 1 AS a$b$, file('/etc/passwd') AS c$b$": true, // a $ in a name begins no text
		"SELECT 1 INTO OUTFILE '/tmp/x'":                true,
		"SELECT 1 INTO OUTFILE /* x */ '/tmp/x'":        true,
		"SELECT 1 FORMAT CSV":                           true,
		"SELECT 'file(1)', $$file(1)$$, $a$ ß $a$":      false,
		"SELECT 'ß “x”' AS `größe` -- ß":                false,
		"SELECT outfile, format, file FROM t":           false,
		"SELECT a$b, url FROM t WHERE x = '\u00a0'":     false,
	} {
		if _, err := allow(query); (err != nil) != refused {
			t.Errorf("%s\n got %v\nwant it refused: %v", query, err, refused)
		}
	}
}
