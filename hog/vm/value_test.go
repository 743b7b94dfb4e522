package vm

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func TestValueSize(t *testing.T) {
	if got, want := unsafe.Sizeof(Value{}), uintptr(16); got != want {
		t.Errorf("size of a Value:\n got %d\nwant %d", got, want)
	}
	if !(Value{}).IsNull() || Number(0).IsNull() || String("").IsNull() || Bool(false).IsNull() {
		t.Error("the zero Value, and only it, is null")
	}
}

func TestNumberText(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", math.Copysign(0, -1): "0", 1: "1", -1.5: "-1.5", 0.30000000000000004: "0.30000000000000004", 1e20: "100000000000000000000",
		1e21: "1e+21", 1.5e300: "1.5e+300", 1e-6: "0.000001", 1e-7: "1e-7", 1.25e-10: "1.25e-10", math.Inf(1): "Infinity",
		math.Inf(-1): "-Infinity", 123456789.125: "123456789.125", 1e15: "1000000000000000", math.MaxFloat64: "1.7976931348623157e+308",
		5e-324: "5e-324", 1e-100: "1e-100",
	} {
		if got := formatNumber(f); got != want {
			t.Errorf("%g:\n got %s\nwant %s", f, got, want)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"": 0, "  ": 0, "12": 12, " 12\n": 12, "-1.5": -1.5, "+5": 5, ".5": .5, "5.": 5, "1e3": 1000, "1E-3": .001,
		"0x1F": 31, "0b11": 3, "0o17": 15, "Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "\u00a07\ufeff": 7, "1e999": math.Inf(1),
	} {
		if got := ParseNumber(text); got != want {
			t.Errorf("%q:\n got %v\nwant %v", text, got, want)
		}
	}
	for _, text := range []string{"a", "1_000", "--5", "1e", "0x", "0xg", "infinity", "inf", "NaN", "1 2", ".", "-", "0b2", "-0x1"} {
		if got := ParseNumber(text); got == got {
			t.Errorf("%q is taken for the number %v", text, got)
		}
	}
}

func TestDict(t *testing.T) {
	// Sizes below and above the size from which there is an index.
	for _, n := range []int{0, 1, indexFrom - 1, indexFrom, 3 * indexFrom} {
		d := NewDict(0)
		for i := range n {
			d.SetString(fmt.Sprint(i), Number(float64(i)))
			d.Set(Number(float64(i)), String(fmt.Sprint(i)))
		}
		for i := range n {
			d.SetString(fmt.Sprint(i), Number(float64(-i))) // stays in its place
		}
		if got, want := d.Len(), 2*n; got != want {
			t.Errorf("length of %d:\n got %d\nwant %d", n, got, want)
		}
		for i := range n {
			if v, ok := d.GetString(fmt.Sprint(i)); !ok || v.num() != float64(-i) {
				t.Errorf("%d of %d: text key gives %v, %v", i, n, v, ok)
			}
			if v, ok := d.Get(Number(float64(i))); !ok || v.String() != fmt.Sprint(i) {
				t.Errorf("%d of %d: number key gives %v, %v", i, n, v, ok)
			}
			if key, _ := d.At(2 * i); key.String() != fmt.Sprint(i) {
				t.Errorf("%d of %d: order is lost: %v", i, n, key)
			}
		}
		if _, ok := d.GetString("nope"); ok {
			t.Error("finds a key that is not there")
		}
	}
}

func TestDictKeys(t *testing.T) {
	list := NewArray()
	d := NewDict(0)
	for _, key := range []Value{Null(), Bool(true), Bool(false), Number(0), Number(math.NaN()), String(""), list, NewArray()} {
		d.Set(key, String("old"))
		d.Set(key, String("new"))
	}
	d.Set(Number(math.Copysign(0, -1)), String("zero"))
	d.Set(Number(-math.NaN()), String("nan"))
	if got, want := d.Len(), 8; got != want {
		t.Errorf("keys:\n got %d\nwant %d", got, want)
	}
	if v, ok := d.Get(list); !ok || v.String() != "new" {
		t.Errorf("a list is no key by reference: %v", v)
	}
}

func TestPrint(t *testing.T) {
	d := NewDict(1)
	d.SetString("self", d.Value())
	deep := NewArray()
	for range 2 * maxNesting {
		deep = NewArray(deep)
	}
	shared := NewArray(Number(1))
	for want, v := range map[string]Value{
		`'a\'b\\\n\0'`:           String("a'b\\\n\x00"),
		"[1, 'x', null]":         NewArray(Number(1), String("x"), Null()),
		"[[1], [1]]":             NewArray(shared, shared),
		"tuple()":                NewTuple(),
		"tuple(1)":               NewTuple(Number(1)),
		"(1, 2)":                 NewTuple(Number(1), Number(2)),
		"{'self': null}":         d.Value(),
		"DateTime(5.0, 'UTC')":   NewDateTime(5, "UTC"),
		"DateTime(5.5, 'UTC')":   NewDateTime(5.5, "UTC"),
		"Date(2031, 8, 9)":       NewDate(2031, 8, 9),
		"T('m')":                 NewError("T", "m", Null()),
		"T('m', {'self': null})": NewError("T", "m", d.Value()),
		"fn<`a b`(2)>":           newFunction(&Function{Name: "a b", Args: 2}),
		"{'__hogInterval__': true, 'value': 5, 'unit': 'day'}": NewInterval(Number(5), "day"),
	} {
		if got := v.Display(); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	if got, want := strings.Count(deep.Display(), "["), maxNesting; got != want {
		t.Errorf("levels printed of a list that is too deep:\n got %d\nwant %d", got, want)
	}
	if got, want := String("it's").String(), "it's"; got != want {
		t.Errorf("string output:\n got %s\nwant %s", got, want)
	}
}

func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"b":[1,2.5,-0,1e3,"x",null,true,false],"a":{}}`: `{"b":[1,2.5,0,1000,"x",null,true,false],"a":{}}`,
		`"\u00e9\ud83c\udf89\n\/\""`:                      `"é🎉\n/\""`,
		`"\ud83c"`:                                        `"\ud83c"`,
		` [ ] `:                                           `[]`,
		`{"a":1,"a":2}`:                                   `{"a":2}`,
		`12345678901234567890`:                            `12345678901234567000`,
		`{"__hogDateTime__":true,"dt":5,"zone":"UTC"}`:                `{"__hogDateTime__":true,"dt":5,"zone":"UTC"}`,
		`{"__hogDate__":true,"year":2024,"month":1,"day":2}`:          `{"__hogDate__":true,"year":2024,"month":1,"day":2}`,
		`{"__hogError__":true,"type":"T","message":"m"}`:              `{"__hogError__":true,"type":"T","message":"m"}`,
		`{"__hogError__":true,"type":"T","message":"m","payload":{}}`: `{"__hogError__":true,"type":"T","message":"m","payload":{}}`,
		`{"__hogInterval__":true,"value":1,"unit":"day"}`:             `{"__hogInterval__":true,"value":1,"unit":"day"}`,
		`{"__hogDate__":false,"year":2024}`:                           `{"__hogDate__":false,"year":2024}`,
	} {
		v, err := FromJSON([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := v.AppendJSON(nil)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n got %s\nwant %s", text, err, got, want)
		}
	}
	for text, want := range map[string]string{
		``:                                "invalid JSON at position 0: unexpected end",
		`{"a" 1}`:                         "invalid JSON at position 5: unexpected '1'",
		`[1 2]`:                           "invalid JSON at position 3: unexpected '2'",
		`"a`:                              "invalid JSON at position 2: unexpected end",
		"\"\n\"":                          "invalid JSON at position 1: control character in a string",
		`"\q"`:                            "invalid JSON at position 1: bad escape",
		`1 2`:                             "invalid JSON at position 2: unexpected text after the value",
		`nul`:                             "invalid JSON at position 0: unexpected 'n'",
		strings.Repeat("[", maxNesting+2): fmt.Sprintf("invalid JSON at position %d: nested over more than 1000 levels", maxNesting),
	} {
		if _, err := FromJSON([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.20s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// TestJSONKeepsNothing changes the bytes after they were read.
func TestJSONKeepsNothing(t *testing.T) {
	raw := []byte(`{"key":"value"}`)
	v, err := FromJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if got, want := v.Display(), "{'key': 'value'}"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestCopy(t *testing.T) {
	inner := NewArray(Number(1))
	d := NewDict(2)
	d.SetString("a", NewTuple(inner, inner))
	d.SetString("e", NewError("T", "m", inner))
	c := Copy(d.Value())
	inner.array().Items[0] = Number(2)
	if got, want := c.Display(), "{'a': ([1], [1]), 'e': T('m', [1])}"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	// Lists that hold each other many times, and a list that holds itself.
	many := NewArray()
	for range 100 {
		many = NewArray(many, many)
	}
	many.array().Items[0] = many
	copied := Copy(many)
	if copied == many || copied.array().Items[0] != copied {
		t.Error("the copy does not hold itself")
	}
}

// Bytes that are no UTF-8 count the same everywhere.
func TestUnitsOfBadBytes(t *testing.T) {
	for _, s := range []string{"a\xffb", "\xff\xff", "\xc3", "\xe2\x82", "\x82\x82", "\xed\xa0\x80", "\xed\xa0", "\xf0\x9f", "\xf8\x88\x80\x80\x80", "é\xf0🎉"} {
		if got, want := UnitLen(s), len(Units(s)); got != want {
			t.Errorf("%q, length:\n got %d\nwant %d", s, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, s := range []string{"", "abc", "é", "🎉", "a🎉b", "\ufffd"} {
		units := Units(s)
		if got, want := UnitLen(s), len(units); got != want {
			t.Errorf("%q, length:\n got %d\nwant %d", s, got, want)
		}
		if got := FromUnits(units); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
		for i := range units { // cut in two anywhere and put together again
			joined := FromUnits(units[:i]) + FromUnits(units[i:])
			if diff := cmp.Diff(units, Units(joined)); diff != "" {
				t.Errorf("%q cut at %d (-want +got):\n%s", s, i, diff)
			}
		}
	}
	// U+1F389 is below U+FF61 in UTF-16, above it in UTF-8.
	if compareUnits("🎉", "｡") >= 0 || compareUnits("a", "é") >= 0 || compareUnits("ab", "a") <= 0 || compareUnits("a", "a") != 0 {
		t.Error("texts are not ordered by UTF-16 units")
	}
}

func TestDateText(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2024-05-01":                     "2024-04-30T22:00:00Z", // midnight in Berlin
		" 2024-05-01 \n":                 "2024-04-30T22:00:00Z",
		"2024-05-01T10:20":               "2024-05-01T08:20:00Z",
		"2024-05-01 10:20:30":            "2024-05-01T08:20:30Z",
		"2024-05-01t10:20:30z":           "2024-05-01T10:20:30Z",
		"2024-05-01T10:20Z":              "2024-05-01T10:20:00Z",
		"2024-05-01T10:20:30.4567Z":      "2024-05-01T10:20:30.456Z",
		"2024-05-01T10:20:30,5+02":       "2024-05-01T08:20:30.5Z",
		"2024-05-01T10:20:30-0530":       "2024-05-01T15:50:30Z",
		"2024-05-01T10:20:30+05:30":      "2024-05-01T04:50:30Z",
		"2024-02-29":                     "2024-02-28T23:00:00Z",
		"0001-01-01T00:00:00.000000009Z": "0001-01-01T00:00:00Z",
	} {
		got, ok := ParseDateText(text, berlin)
		if !ok || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%q:\n got %s, %v\nwant %s", text, got.UTC().Format(time.RFC3339Nano), ok, want)
		}
	}
	for _, text := range []string{
		"", "2024", "20240101", "2024-1-1", "2023-02-29", "2024-00-01", "2024-13-01", "2024-01-32", "0000-01-01", "2024-W01",
		"2024-01-01T", "2024-01-01T10", "2024-01-01T24:00", "2024-01-01T10:60", "2024-01-01T10:00:60", "2024-01-01T10:00:00.",
		"2024-01-01T10:00:00.1234567890", "2024-01-01T10:00:00+24", "2024-01-01T10:00:00+0160", "2024-01-01T10:00:00+1",
		"2024-01-01Z", "2024-01-01  10:00", "2024-01-01T10:00 Z", "x2024-01-01", "２024-01-01",
	} {
		if got, ok := ParseDateText(text, time.UTC); ok {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		fold, want    bool
	}{
		{"abc", "b", false, true}, {"abc", "a%c", false, true}, {"abc", "a_c", false, true}, {"abc", "c%a", false, false},
		{"a.c", "a.c", false, true}, {"abc", "a.c", false, false}, {"a\nb", "a%b", false, false}, {"a\nb", "a_b", false, false},
		{"", "", false, true}, {"", "%", false, true}, {"abc", "", false, true}, {"ABC", "b", false, false}, {"ABC", "b", true, true},
		{"ÄB", "ä_", true, true}, {"a(b", "a(%", false, true}, {"a🎉b", "a_b", false, true},
	} {
		got, err := bareMachine().like(String(c.text), String(c.pattern), c.fold)
		if err != nil || got != c.want {
			t.Errorf("%q like %q, fold %v: %v\n got %v\nwant %v", c.text, c.pattern, c.fold, err, got, c.want)
		}
	}
}

// TestClone copies dictionaries of many sizes and wants changes of one to leave the other alone.
func TestClone(t *testing.T) {
	for n := range 70 {
		d := NewDict(0)
		for i := range n {
			d.Set(Number(float64(i)), Number(1))
			d.SetString(strings.Repeat("k", i), Number(2))
		}
		before := d.Value().Display()
		c := d.Clone()
		if got := c.Value().Display(); got != before {
			t.Fatalf("%d entries\n got %s\nwant %s", 2*n, got, before)
		}
		for i := range n {
			c.Set(Number(float64(i)), Null())
			c.SetString(strings.Repeat("k", i), Null())
		}
		c.SetString("new", Null())
		if got := d.Value().Display(); got != before || c.Len() != 2*n+1 {
			t.Fatalf("%d entries, after changes of the copy\n got %s and %s\nwant %s", 2*n, got, c.Value().Display(), before)
		}
	}
}
