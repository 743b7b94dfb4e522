package configs_test

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

// The lines of a file have stars for what was decoded as a secret and for what looks like one; its text is as it was written.
func TestMasked(t *testing.T) {
	const text = "bus:\n  opaque: hunter2 # a remark\n  plain: ${NAME}\n  opaque_too: ${SECRET}\ncapture: {keys: [a], token: hunter2}\nsources: {}\n"
	path := project(t, "\ufeff"+text)
	env := func(string) (string, bool) { return "value", true }
	p, _ := configs.Load(path, configs.Options{Env: env})
	var c struct {
		Opaque    pipeline.Secret `yaml:"opaque"`
		Plain     string          `yaml:"plain"`
		OpaqueToo pipeline.Secret `yaml:"opaque_too"`
	}
	if err := p.Bus.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if got := string(p.Text(path)); got != text {
		t.Errorf("text\n got %q\nwant %q", got, text)
	}
	want := "bus:\n  opaque: *** # a remark\n  plain: ${NAME}\n  opaque_too: ${SECRET}\ncapture: {keys: ***\nsources: {}\n"
	if got := strings.Join(p.Masked(path), "\n"); got != want {
		t.Errorf("masked\n got %q\nwant %q", got, want)
	}
	if p.Masked("other.yaml") != nil || p.Text("other.yaml") != nil {
		t.Error("a file that is not the project's has lines")
	}
	if got, want := strings.Join(configs.MaskedText([]byte("a: 1\npassword: hunter2")), "\n"), "a: 1\npassword: ***"; got != want {
		t.Errorf("a text that nobody has decoded\n got %q\nwant %q", got, want)
	}
}
