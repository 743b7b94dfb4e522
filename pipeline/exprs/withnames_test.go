package exprs

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestWithNames(t *testing.T) {
	given := &pipeline.Event{Source: "github", Properties: pipeline.Properties(`{"body":{"id":12345678901234567890,"sender":{"login":"ada"},"items":[{"n":1},{"n":3}]},"headers":{"x-kind":"push"}}`)}
	for text, want := range map[string]string{
		`"github." + headers["x-kind"]`:         `"github.push"`,
		`body.sender.login`:                     `"ada"`,
		`body`:                                  string(given.Properties[len(`{"body":`) : len(given.Properties)-len(`,"headers":{"x-kind":"push"}}`)]),
		`body.id`:                               `12345678901234567890`,
		`body.nothing.at.all`:                   ``,
		`body["sender"]["login"] ?? "x"`:        `"ada"`,
		`len(filter(body.items, .n > 2))`:       `1`,
		`headers["x-kind"] in ["push", "star"]`: `true`,
		`source.name`:                           `"github"`,
		`project.name`:                          `"shop"`,
		`let who = body.sender; who.login`:      `"ada"`,
		`{"body": body.sender.login}`:           `{"body":"ada"}`,
		`body.items[1].n`:                       `3`,
	} {
		v, err := CompileValue(pipeline.Code{Text: text}, WithNames("body", "headers"), WithProject(pipeline.Project{Name: "shop"}))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := v.JSON(given); string(got) != want || err != nil {
			t.Errorf("%s\n got %s, %v\nwant %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`event.name`:                      "unknown name event; known names are body, headers, project, source",
		`bodi.x`:                          "unknown name bodi; did you mean body?",
		`person.name`:                     "unknown name person",
		`let body = 1; body`:              "the name body is taken",
		`headrs["x"] == event.properties`: "did you mean headers?",
	} {
		_, err := CompileValue(pipeline.Code{Text: text}, WithNames("body", "headers"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	if _, err := CompileValue(pipeline.Code{Text: "body.x"}); err == nil {
		t.Error("body is a name of expressions on events")
	}
}
