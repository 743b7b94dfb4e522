package warehouse

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func TestInferAndWiden(t *testing.T) {
	for _, test := range []struct {
		first, second     string
		inferred, widened pipeline.Type
	}{
		{`true`, `"x"`, pipeline.Boolean, pipeline.String},
		{`1`, `1.5`, pipeline.Integer, pipeline.Decimal},
		{`1`, `99999999999999999999`, pipeline.Integer, pipeline.Decimal},
		{`1`, `1e300`, pipeline.Integer, pipeline.String},
		{`1`, `true`, pipeline.Integer, pipeline.String},
		{`1.5`, `0.1234567890123456789`, pipeline.Float, pipeline.String},
		{`12345678901234567890123456`, `"x"`, pipeline.Decimal, pipeline.String},
		{`0.1234567890123456789`, `[1]`, pipeline.String, pipeline.JSON},
		{`"x"`, `{}`, pipeline.String, pipeline.JSON},
		{`"42"`, `[]`, pipeline.String, pipeline.JSON},
	} {
		if got := Infer([]byte(test.first)); got != test.inferred {
			t.Errorf("Infer(%s)\n got %s\nwant %s", test.first, got, test.inferred)
		}
		if _, ok := Cell(test.inferred, false, []byte(test.second)); ok {
			t.Errorf("%s in a column of %s\n got a fit\nwant none", test.second, test.inferred)
		}
		if got := Widen(test.inferred, []byte(test.second)); got != test.widened {
			t.Errorf("Widen(%s, %s)\n got %s\nwant %s", test.inferred, test.second, got, test.widened)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, test := range []struct{ have, declared, want pipeline.Type }{
		{pipeline.Integer, pipeline.Integer, pipeline.Integer}, {pipeline.Integer, pipeline.Decimal, pipeline.Decimal}, {pipeline.Integer, pipeline.String, pipeline.String},
		{pipeline.String, pipeline.Instant, pipeline.String}, {pipeline.JSON, pipeline.String, pipeline.JSON}, {pipeline.Float, pipeline.JSON, pipeline.JSON}, {pipeline.Decimal, pipeline.Integer, pipeline.Decimal},
	} {
		if got := Join(test.have, test.declared); got != test.want {
			t.Errorf("Join(%s, %s)\n got %s\nwant %s", test.have, test.declared, got, test.want)
		}
	}
}

func TestInstant(t *testing.T) {
	for value, want := range map[string]string{
		`1755684000`: "2025-08-20T10:00:00.000000Z", `1755684000.25`: "2025-08-20T10:00:00.250000Z", `-1`: "1969-12-31T23:59:59.000000Z",
		`"2026-08-20T12:00:00.123456+02:00"`: "2026-08-20T10:00:00.123456Z",
		`"2026-08-20"`:                       "", `"soon"`: "", `true`: "", `1e15`: "", `{}`: "", `"0000-01-01T00:00:00Z"`: "",
	} {
		got, ok := Cell(pipeline.Instant, true, []byte(value))
		if ok != (want != "") || ok && got != want {
			t.Errorf("instant of %s\n got %s, %v\nwant %s", value, got, ok, want)
		}
	}
}

func TestHashRecord(t *testing.T) {
	same := []string{`{"a":1,"b":"x y","c":{"d":[1, 2]}}`, "{ \"c\": {\"d\":[1,2]},\n\"b\":\"x y\" ,\"a\":1}"}
	if a, b := hashOf(same[0]), hashOf(same[1]); a != b {
		t.Errorf("hashes of one record spelt in two ways\n got %d and %d\nwant equal ones", a, b)
	}
	for _, other := range []string{`{"a":1,"b":"xy","c":{"d":[1, 2]}}`, `{"b":1,"a":"x y","c":{"d":[1, 2]}}`, `{"a":1,"b":"x y"}`, `{"a":1,"b":"x\" y","c":{"d":[1, 2]}}`} {
		if hashOf(other) == hashOf(same[0]) {
			t.Errorf("hash of %s\n got that of %s\nwant another", other, same[0])
		}
	}
}

// Two fields that change together, each a little, make another hash, whatever they are called.
func TestHashOfTwoFields(t *testing.T) {
	names := []string{"id", "active", "blocked", "stock", "reserved", "from", "to", "amount", "total", "first_name", "last_name", "x", "y", "min", "max", "status", "state", "a", "b"}
	for _, change := range [][4]string{
		{"0", "1", "1", "0"}, {"5", "1", "4", "2"}, {"9.5", "0.5", "9.4", "0.6"}, {`"x1"`, `"x2"`, `"x2"`, `"x1"`}, {`"a"`, `"b"`, `"b"`, `"a"`},
		{"12", "7", "11", "8"}, {"1500", "1500", "1400", "1600"}, {"true", "false", "false", "true"},
	} {
		for i, first := range names {
			for _, second := range names[:i] {
				of := func(a, b string) string { return `{"` + first + `":` + a + `,"` + second + `":` + b + `}` }
				if before, after := of(change[0], change[1]), of(change[2], change[3]); hashOf(before) == hashOf(after) {
					t.Errorf("%s and %s have one hash", before, after)
				}
			}
		}
	}
	for _, pair := range [][2]string{{"[1]", "[2]"}, {"no JSON", "none"}, {"{}", "[]"}} {
		if hashOf(pair[0]) == hashOf(pair[1]) {
			t.Errorf("%s and %s have one hash", pair[0], pair[1])
		}
	}
}

func hashOf(record string) uint64 { return Reduce([]pipeline.Record{{Data: []byte(record)}})[0].Hash }

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "-0.0", "1.50", "15e-1", "1e300", "99999999999999999999", "0.000123E+5", "1.", "e5", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := parseNumber(s)
		var want big.Rat
		if len(s) > 50 || !json.Valid([]byte(s)) || rawjson.KindOf([]byte(s)) != rawjson.Number || s != strings.TrimSpace(s) {
			return
		}
		if !ok {
			if strings.ContainsAny(s, "eE") {
				return // an exponent beyond all bounds
			}
			t.Fatalf("parseNumber(%q)\n got no number\nwant one", s)
		}
		if n.exponent > 5000 || n.exponent < -5000 {
			return
		}
		want.SetString(s)
		got, _ := new(big.Rat).SetString("0." + n.digits + "0")
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n.exponent, -n.exponent))), nil)
		if n.exponent < 0 {
			got.Quo(got, new(big.Rat).SetInt(power))
		} else {
			got.Mul(got, new(big.Rat).SetInt(power))
		}
		if n.negative {
			got.Neg(got)
		}
		if got.Cmp(&want) != 0 {
			t.Errorf("parseNumber(%q) = %+v\n got %s\nwant %s", s, n, got, &want)
		}
	})
}

func FuzzStorable(f *testing.F) {
	for _, s := range []string{`{"a":"\ud83d"}`, `{"a":"\ud83d\ude00"}`, `"\\ud83d"`, `"\ude00\ud83d"`, "\"\xff\"", `"\ud83d\u0041"`, `\ud`, `"\uD83D`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := Storable(text)
		if !utf8.Valid(got) {
			t.Errorf("Storable(%q)\n got %q\nwant valid UTF-8", text, got)
		}
		if ok, _, _ := rawjson.Valid(text, rawjson.MaxDepth); !ok {
			return
		}
		var before, after any
		if json.Unmarshal(text, &before) != nil || json.Unmarshal(got, &after) != nil {
			t.Fatalf("Storable(%q)\n got %q\nwant JSON", text, got)
		}
		a, _ := json.Marshal(before)
		b, _ := json.Marshal(after)
		if string(a) != string(b) {
			t.Errorf("Storable(%q)\n got %s\nwant %s", text, b, a)
		}
	})
}
