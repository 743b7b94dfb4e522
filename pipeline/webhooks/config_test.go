package webhooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/webhooks"
)

// Every way of writing a webhook wrong, by what stands after `in:`.
func TestMistakes(t *testing.T) {
	const ok = `map: {event: '"x"', distinct_id: '"y"'}`
	for part, wants := range map[string][]string{
		`{` + ok + `}`:          {"the webhook does not say how requests are verified", "verify: none to believe everybody"},
		`{verify: none, hog: }`: {"hog: want a file or code"},
		`{}`:                    {"how requests are verified", "what becomes of a request"},
		`{verify: {scheme: x}, map: {event: y}, hog: {file: z}}`:                                          {"has both hog and map", "want a scheme", `"distinct_id" is missing`},
		`{verify: , ` + ok + `}`:                                                                          {"verify has no scheme"},
		`{verify: strip, ` + ok + `}`:                                                                     {`want a scheme, got "strip"`, `did you mean "stripe"?`},
		`{verify: {scheme: x}, ` + ok + `}`:                                                               {`2:25: want a scheme, got "x"`, "the schemes are stripe, github,"},
		`{verify: {secret: s3cret}, ` + ok + `}`:                                                          {"verify has no scheme", "stripe, github"},
		`{verify: stripe, ` + ok + `}`:                                                                    {"scheme stripe needs secret", "add secret:"},
		`{verify: {scheme: github}, ` + ok + `}`:                                                          {"scheme github needs secret"},
		`{verify: {scheme: hmac}, ` + ok + `}`:                                                            {"scheme hmac needs secret", "scheme hmac needs header"},
		`{verify: {scheme: basic, secret: s3cret}, ` + ok + `}`:                                           {"scheme basic needs user"},
		`{verify: {scheme: github, secret: s3cret, tolerance: 1m, header: X}, ` + ok + `}`:                {"scheme github has no tolerance; it has secret", "scheme github has no header"},
		`{verify: {scheme: none, secret: s3cret}, ` + ok + `}`:                                            {"scheme none has no secret; it has id"},
		`{verify: {scheme: stripe, secret: []}, ` + ok + `}`:                                              {"scheme stripe needs secret"},
		`{verify: {scheme: stripe, secret: "${NO:-}"}, ` + ok + `}`:                                       {"a secret is empty"},
		`{verify: {scheme: stripe, secret: [a, "${NO:-}"]}, ` + ok + `}`:                                  {"a secret is empty"},
		`{verify: {scheme: stripe, secret: s3cret, tolerance: 0s}, ` + ok + `}`:                           {"tolerance: want more than 0"},
		`{verify: {scheme: stripe, secret: s3cret, tolerance: soon}, ` + ok + `}`:                         {"want a duration"},
		`{verify: {scheme: standard, secret: "s3cret!"}, ` + ok + `}`:                                     {"a secret of scheme standard is no base64"},
		`{verify: {scheme: hmac, secret: s3cret, header: X, algorithm: md5}, ` + ok + `}`:                 {`want sha1, sha256 or sha512, got "md5"`},
		`{verify: {scheme: hmac, secret: s3cret, header: X, encoding: b64}, ` + ok + `}`:                  {`want hex or base64, got "b64"`},
		`{verify: {scheme: hmac, secret: s3cret, header: X, signed: "{timestamp}"}, ` + ok + `}`:          {"{body} is not in it", "no header is named for it"},
		`{verify: {scheme: hmac, secret: s3cret, header: X, signed: "{id}{body}{x}"}, ` + ok + `}`:        {"unknown placeholder {x}", "{id} is in it"},
		`{verify: {scheme: hmac, secret: s3cret, header: X, tolerance: 1m}, ` + ok + `}`:                  {"tolerance has no meaning without timestamp"},
		`{verify: {scheme: hmac, secret: s3cret, header: X, timestamp: T, signed: "{body}"}, ` + ok + `}`: {"the time is not signed"},
		`{verify: {scheme: github, secret: "s3cret "}, ` + ok + `}`:                                       {"a secret has blanks around it"},
		`{verify: {scheme: header, secret: s3cret, header: "X: y"}, ` + ok + `}`:                          {"header: want the name of a header"},
		`{verify: none}`: {"the webhook does not say what becomes of a request", "add hog:"},
		`{verify: none, hog: {code: return null}, ` + ok + `}`:        {"the webhook has both hog and map"},
		`{verify: none, hog: {code: return null, file: x.hog}}`:       {"want either a file or code"},
		`{verify: none, hog: nowhere.hog}`:                            {`2:27: hog file "nowhere.hog": no such file`},
		`{verify: none, hog: {code: "return event"}}`:                 {"2:42: event is not available here; the function of a webhook sees request, project and source"},
		`{verify: none, map: {event: '"x"'}}`:                         {`"distinct_id" is missing`},
		`{verify: none, map: {event: bodi.x, distinct_id: body.x +}}`: {"2:35: unknown name bodi; did you mean body?", "2:63: unexpected token EOF"},
		`{verify: none, map: {event: '"x"', distinct_id: x, uuid: event.uuid, timestamp: z, when: w, properties: {a: b, c: {d: [e]}}}}`: {
			"unknown name x", "unknown name event", "unknown name z", "unknown name w", "unknown name b", "unknown name e",
		},
		`{verify: none, map: {event: '"x"', distinct_id: '"y"', when: '"z"'}}`: {"want a condition, got text"},
		`{verify: none, methods: [DELETE], ` + ok + `}`:                        {`want POST, GET or PUT, got "DELETE"`},
		`{verify: none, methods: [], ` + ok + `}`:                              {"methods has no method"},
		`{verify: none, max_body: 0, ` + ok + `}`:                              {"max_body: want more than 0"},
		`{verify: none, keepbody: true, ` + ok + `}`:                           {`unknown key "keepbody"; did you mean "keep_body"?`},
	} {
		path := filepath.Join(t.TempDir(), "prickle.yaml")
		if err := os.WriteFile(path, []byte("webhooks:\n  in: "+part+"\npipelines: {web: {destinations: [warehouse]}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := new(fixture).load(path)
		if err == nil {
			t.Errorf("%s: no mistake found", part)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s\n got %v\nwant %s", part, err, want)
			}
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the secret shows:\n%v", err)
		}
	}
}

// Printed in any way, a configuration keeps its secrets.
func TestConfigHidesSecrets(t *testing.T) {
	c := webhooks.Config{Verify: webhooks.Verify{Secret: pipeline.Secrets{"s3cret"}}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, "s3cret") || strings.Contains(text, "733363726574") {
			t.Errorf("%s: %s", format, text)
		}
	}
}
