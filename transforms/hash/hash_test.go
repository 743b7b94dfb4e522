package hash_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/hash"
)

func configOf(fields ...string) *hash.Config {
	config := hash.Spec.NewConfig().(*hash.Config)
	list := config.Short().(*[]pipeline.Code)
	for i, f := range fields {
		*list = append(*list, pipeline.Code{Text: f, Pos: pipeline.Pos{File: "p.yaml", Line: i + 1, Col: 5}})
	}
	return config
}

func apply(t testing.TB, config *hash.Config, properties string) pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(`{"uuid":"u","event":"e","distinct_id":"d","properties":` + properties + `}`))
	if err != nil {
		t.Fatal(err)
	}
	h, err := hash.New(config)
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.Apply(t.Context(), e, nil)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d events, %v", len(out), err)
	}
	if string(e.Properties) != properties {
		t.Errorf("the original has become %s", e.Properties)
	}
	return out[0]
}

// The digests are those of sha256sum and of openssl dgst -sha256 -hmac.
const (
	sumABC    = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	sumEmpty  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	hmacQuick = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
)

func TestApply(t *testing.T) {
	for properties, want := range map[string]string{
		`{"x":"abc","y":1}`: `{"x":"` + sumABC + `","y":1}`,
		`{"x":"\u0061bc"}`:  `{"x":"` + sumABC + `"}`,
		`{"x":""}`:          `{"x":"` + sumEmpty + `"}`,
		`{"x":null}`:        `{"x":null}`,
		`{"y":1}`:           `{"y":1}`,
		`{"x":12345}`:       `{"x":"5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"}`,
		`{"x":true}`:        `{"x":"b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b"}`,
	} {
		t.Run(properties, func(t *testing.T) {
			got := apply(t, configOf(`event.properties.x`), properties)
			if string(got.Properties) != want {
				t.Errorf("\n got %s\nwant %s", got.Properties, want)
			}
		})
	}
}

func TestApplySalted(t *testing.T) {
	config := configOf(`event.properties.x`)
	config.Salt = "key"
	got := apply(t, config, `{"x":"The quick brown fox jumps over the lazy dog"}`)
	if want := `{"x":"` + hmacQuick + `"}`; string(got.Properties) != want {
		t.Errorf("\n got %s\nwant %s", got.Properties, want)
	}
	if text := fmt.Sprintf("%v %+v %#v", config, config, *config); strings.Contains(text, "key") {
		t.Errorf("the salt is printed: %s", text)
	}
}

func TestApplyDistinctID(t *testing.T) {
	got := apply(t, configOf(`event.distinct_id`), `{"x":1}`)
	if want := "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"; got.DistinctID != want {
		t.Errorf("\n got %s\nwant %s", got.DistinctID, want)
	}
}

// Objects that are equal have equal hashes, however they are spelled, and nothing of them stays.
func TestApplyObject(t *testing.T) {
	config := configOf(`event.properties.x`)
	a := apply(t, config, `{"x":{"name":"Ada","born":1815.0,"tags":["a", "b"]}}`)
	b := apply(t, config, `{"x": { "tags":["\u0061","b"], "born":1815.0, "name":"Ada" } }`)
	c := apply(t, config, `{"x":{"name":"Ada","born":1815.0,"tags":["b", "a"]}}`)
	hashed := func(e pipeline.Event) string {
		value, _ := e.Properties.Get("x")
		return string(value)
	}
	if hashed(a) != hashed(b) || hashed(a) == "" || strings.Contains(string(a.Properties), "Ada") {
		t.Errorf("\n got %s\n and %s", a.Properties, b.Properties)
	}
	if hashed(a) == hashed(c) {
		t.Error("different objects have equal hashes")
	}
}

func TestNested(t *testing.T) {
	got := apply(t, configOf(`event.properties.$set.email`, `event.properties.email`), `{"email":"abc","$set":{"email":"abc","plan":"pro"}}`)
	if want := `{"email":"` + sumABC + `","$set":{"email":"` + sumABC + `","plan":"pro"}}`; string(got.Properties) != want {
		t.Errorf("\n got %s\nwant %s", got.Properties, want)
	}
}

func TestNewFails(t *testing.T) {
	_, err := hash.New(configOf(`email`, `event.name`, `event.properties`))
	want := `p.yaml:1:5: want a field of the event, got "email"; did you mean event.properties.email?
p.yaml:2:5: "event.name" cannot be hashed: conditions and tables go by it
p.yaml:3:5: want one property, got "event.properties"; name it, for example event.properties.email`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	config := configOf()
	if err := config.Validate(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	config.Algorithm = "md5"
	if err := config.Validate(); err == nil || err.Error() != `unknown algorithm "md5"; sha256 is the only one` {
		t.Errorf("got %v", err)
	}
}

func BenchmarkApply(b *testing.B) {
	for name, salt := range map[string]pipeline.Secret{"plain": "", "salted": "key"} {
		b.Run(name, func(b *testing.B) {
			config := configOf(`event.properties.email`)
			config.Salt = salt
			h, err := hash.New(config)
			if err != nil {
				b.Fatal(err)
			}
			e := apply(b, configOf(`event.properties.none`), `{"plan":"pro","email":"ada@example.org","amount":250}`)
			out := make([]pipeline.Event, 0, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Apply(b.Context(), e, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
