package rawjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestValid(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	for text, want := range map[string]bool{
		`{}`: true, `[]`: true, ` {"a" : [1, -2.5e+3, true, false, null, "x"]} `: true, `"\u00e9\n"`: true, `0`: true, `-0.0`: true,
		deep: true, `[` + deep + `]`: false,
		``: false, `{`: false, `{"a"}`: false, `{"a":}`: false, `{"a":1,}`: false, `[1,]`: false, `01`: false, `1.`: false, `.5`: false,
		`1e`: false, `-`: false, `+1`: false, `"a`: false, "\"\n\"": false, `"\x"`: false, `"\u12"`: false, `tru`: false, `nul`: false,
		`{} {}`: false, `{a:1}`: false, "\"\xff\"": false, `"\`: false, `{"a":1 "b":2}`: false,
	} {
		if got, _, _ := Valid([]byte(text), MaxDepth); got != want {
			t.Errorf("Valid(%.40q)\n got %v\nwant %v", text, got, want)
		}
	}
	if _, _, tooDeep := Valid([]byte("["+deep+"]"), MaxDepth); !tooDeep {
		t.Error("a text nested too deep is not reported as that")
	}
	if _, at, _ := Valid([]byte(`{"a":x}`), MaxDepth); at != 5 {
		t.Errorf("offset\n got %d\nwant 5", at)
	}
}

func TestGet(t *testing.T) {
	doc := []byte(`{"a":{"b":[1,{"c":2}],"":3}, "x\"y" : "z" , "dup":1,"dup":2,"é":"\u00e9","n":null}`)
	for path, want := range map[string]string{
		"a.b": `[1,{"c":2}]`, "a.": "3", `x"y`: `"z"`, "dup": "2", "é": `"\u00e9"`, "n": "null",
		"a.b.c": "", "missing": "", "n.x": "", "dup.x": "",
	} {
		got, ok := Get(doc, strings.Split(path, ".")...)
		if string(got) != want || ok != (want != "") {
			t.Errorf("Get(%q)\n got %q %v\nwant %q", path, got, ok, want)
		}
	}
}

// TestSkipString finds the end of strings of all short lengths, with a quote or backslashes at each place, as looking at every byte does.
func TestSkipString(t *testing.T) {
	for n := range 30 {
		for at := range n + 1 {
			for _, inside := range []string{"", `\"`, `\\`, `\\\"`, `\`, `"`, `\\"`, "#[]", "\xa2\xdc"} {
				b := []byte(`x"` + strings.Repeat("a", at) + inside + strings.Repeat("b", n-at) + `","c"`)
				for end := 2; end <= len(b); end++ {
					want := end
					for i := 2; i < end; i++ {
						if b[i] == '"' {
							want = i + 1
							break
						}
						if b[i] == '\\' {
							i++
						}
					}
					if got := skipString(b[:end], 1); got != want {
						t.Fatalf("%s\n got %d\nwant %d", b[:end], got, want)
					}
				}
			}
		}
	}
}

// TestValidStrings checks every byte at every place of a short string, as encoding/json does.
func TestValidStrings(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for ch := range 256 {
				text := []byte(`["` + strings.Repeat("a", n) + `","b"]`)
				text[2+at] = byte(ch)
				want := json.Valid(text) && utf8.Valid(text)
				if got, _, _ := Valid(text, MaxDepth); got != want {
					t.Fatalf("Valid(%q)\n got %v\nwant %v", text, got, want)
				}
			}
		}
	}
}

func TestEdit(t *testing.T) {
	for _, c := range []struct {
		doc, path, value, want string
	}{
		{`{}`, "a", `1`, `{"a":1}`},
		{``, "a", `1`, `{"a":1}`},
		{`{"a":1,"b":2}`, "a", `[3]`, `{"a":[3],"b":2}`},
		{`{"a":1,"b":2}`, "c", `3`, `{"a":1,"b":2,"c":3}`},
		{`{"a":1,"b":2,"a":3}`, "a", `9`, `{"a":9,"b":2}`},
		{`{"a":{"b":1}}`, "a.c", `2`, `{"a":{"b":1,"c":2}}`},
		{`{"a":5}`, "a.b.c", `2`, `{"a":{"b":{"c":2}}}`},
		{`{"a":1,"b":2}`, "a", ``, `{"b":2}`},
		{`{"a":1}`, "a", ``, `{}`},
		{`{"a":{"b":1,"c":2}}`, "a.b", ``, `{"a":{"c":2}}`},
		{`{ "a" : 1 }`, "x.y", ``, `{ "a" : 1 }`},
		{`{"a":1,"a":2}`, "a", ``, `{}`},
	} {
		before := c.doc
		doc := []byte(c.doc)
		var got []byte
		if c.value == "" {
			got = Delete(doc, strings.Split(c.path, ".")...)
		} else {
			got = SetPath(doc, strings.Split(c.path, "."), []byte(c.value))
		}
		if string(got) != c.want {
			t.Errorf("%s at %q := %q\n got %s\nwant %s", c.doc, c.path, c.value, got, c.want)
		}
		if string(doc) != before {
			t.Errorf("%s was changed in place to %s", before, doc)
		}
	}
}

func TestStrings(t *testing.T) {
	for _, s := range []string{"", "plain", "quote\" back\\ slash/", "\x00\x01\b\f\n\r\t\x1f\x7f", "é😀\u2028", strings.Repeat("x", 300)} {
		token := AppendString(nil, s)
		var std string
		if err := json.Unmarshal(token, &std); err != nil || std != s {
			t.Errorf("AppendString(%q)\n got %s, which encoding/json reads as %q, %v", s, token, std, err)
		}
		if got, ok := String(token); !ok || got != s {
			t.Errorf("String(%s)\n got %q, %v\nwant %q", token, got, ok, s)
		}
	}
	if got := string(AppendString(nil, "a\xffb")); got != "\"a\uFFFDb\"" {
		t.Errorf("invalid UTF-8\n got %q", got)
	}
	for token, want := range map[string]string{
		`"\ud83d\ude00"`: "😀", `"\ud83d"`: "\uFFFD", `"\ud83dx"`: "\uFFFDx", `"\ude00\ud83d"`: "\uFFFD\uFFFD", `"\ud83d\u0041"`: "\uFFFDA", `"\/"`: "/",
	} {
		if got, _ := String([]byte(token)); got != want {
			t.Errorf("String(%s)\n got %q\nwant %q", token, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]any{
		`1`: int64(1), `1.5`: 1.5, `9007199254740993`: int64(9007199254740993), `1e400`: nil, `"x"`: "x", `null`: nil, `true`: true,
		`{"a":[1,{"b":2.5}]}`: map[string]any{"a": []any{int64(1), map[string]any{"b": 2.5}}},
	} {
		got, err := Decode([]byte(text))
		if text == `1e400` {
			if f, ok := got.(float64); !ok || f < 1e308 {
				t.Errorf("Decode(%s)\n got %v, want infinity", text, got)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Decode(%s): %v\n%s", text, err, diff)
		}
	}
}

func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,2.5e3,"x\u00e9",null,true]}}`, `[[],{}]`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, `{"a`, `[1,`, `{"":""}`, `-0`} {
		f.Add([]byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, text []byte, key string) {
		ok, _, tooDeep := Valid(text, MaxDepth)
		if tooDeep {
			return
		}
		if want := json.Valid(text) && utf8.Valid(text); ok != want {
			t.Fatalf("Valid(%q)\n got %v\nwant %v", text, ok, want)
		}
		var passed, members []string
		all, _, _, _ := ValidMembers(text, MaxDepth, make([]Member, 0, 1))
		for _, m := range all {
			passed = append(passed, string(m.Key), string(m.Value))
		}
		for k, v := range Members(text) {
			members = append(members, string(k), string(v))
		}
		if ok && !slices.Equal(passed, members) {
			t.Fatalf("ValidMembers(%q)\n got %q\nwant %q", text, passed, members)
		}
		// On any text at all the readers must stay inside it.
		got, found := Get(text, key)
		edited := Set(text, key, []byte("7"))
		Delete(text, key)
		for range Elements(text) {
		}
		if !ok {
			return
		}
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || !utf8.ValidString(key) {
			return
		}
		value, exists := want[key]
		if found != exists || !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(value)) {
			t.Fatalf("Get(%q, %q)\n got %q %v\nwant %q %v", text, key, got, found, value, exists)
		}
		var after map[string]json.RawMessage
		if err := json.Unmarshal(edited, &after); err != nil || string(after[key]) != "7" {
			t.Fatalf("Set(%q, %q) is %q: %v", text, key, edited, err)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	doc := []byte(`{"$current_url":"https://shop.example.com/a","$browser":"Chrome","$os":"Linux","items":[{"sku":"a","qty":1}],"plan":"pro","amount":129.5}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, ok := Get(doc, "amount"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkValid(b *testing.B) {
	doc := []byte(`{"$current_url":"https://shop.example.com/a","$browser":"Chrome","$os":"Linux","items":[{"sku":"a","qty":1}],"plan":"pro","amount":129.5}`)
	b.Run("rawjson", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			Valid(doc, MaxDepth)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			json.Valid(doc)
		}
	})
}
