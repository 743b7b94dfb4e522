package configs

import (
	"path/filepath"
	"reflect"
	"regexp"

	"github.com/prickle-dev/prickle/pipeline"
)

// fileParts are the keys of a file.
type fileParts struct {
	Include   *node `yaml:"include"`
	Project   *node `yaml:"project"`
	Data      *node `yaml:"data"`
	Capture   *node `yaml:"capture"`
	Bus       *node `yaml:"bus"`
	Admin     *node `yaml:"admin"`
	Telemetry *node `yaml:"telemetry"`
	Query     *node `yaml:"query"`
	Warehouse *node `yaml:"warehouse"`
	Profiles  *node `yaml:"profiles"`
	Schema    *node `yaml:"schema"`
	Contracts *node `yaml:"contracts"`
	Upkeep    *node `yaml:"upkeep"`
	Webhooks  *node `yaml:"webhooks"`
	Pipelines *node `yaml:"pipelines"`
	Sources   *node `yaml:"sources"`
}

// sections takes in one file's sections and then those of the files it includes.
func (l *loader) sections(n *node, name string, chain []string) {
	var s fileParts
	l.value(n, reflect.ValueOf(&s).Elem())
	for _, single := range []struct {
		name string
		node *node
		take func(*node, pipeline.Pos)
	}{
		{"project", s.Project, l.takeProject},
		{"data", s.Data, l.takeData},
		{"capture", s.Capture, func(n *node, at pipeline.Pos) { l.project.Capture = l.section("capture", at, n) }},
		{"bus", s.Bus, func(n *node, at pipeline.Pos) { l.project.Bus = l.section("bus", at, n) }},
		{"admin", s.Admin, func(n *node, at pipeline.Pos) { l.project.Admin = l.section("admin", at, n) }},
		{"telemetry", s.Telemetry, func(n *node, at pipeline.Pos) { l.project.Telemetry = l.section("telemetry", at, n) }},
		{"query", s.Query, func(n *node, at pipeline.Pos) { l.project.Query = l.section("query", at, n) }},
		{"warehouse", s.Warehouse, l.takeWarehouse},
		{"upkeep", s.Upkeep, func(n *node, at pipeline.Pos) { l.project.Upkeep = l.section("upkeep", at, n) }},
		{"profiles", s.Profiles, func(n *node, at pipeline.Pos) { l.project.Profiles = l.section("profiles", at, n) }},
		{"schema", s.Schema, func(n *node, at pipeline.Pos) { l.project.Schema = l.section("schema", at, n) }},
		{"contracts", s.Contracts, func(n *node, at pipeline.Pos) { l.project.Contracts = l.section("contracts", at, n) }},
	} {
		if e, given := n.find(single.name); given && l.once(single.name, e.pos) && single.node != nil {
			single.take(single.node, e.pos)
		}
	}
	l.each(s.Webhooks, "webhook", l.takeWebhook)
	l.each(s.Pipelines, "pipeline", l.takePipeline)
	l.each(s.Sources, "source", l.takeSource)
	if s.Include != nil && !s.Include.empty() {
		if abs, err := filepath.Abs(name); err == nil {
			l.include(s.Include, name, append(chain[:len(chain):len(chain)], abs))
		}
	}
}

// each calls take for every named part of a section that comes together out of several files.
func (l *loader) each(n *node, what string, take func(entry)) {
	if n == nil || !l.mapping(n) {
		return
	}
	for _, e := range n.entries {
		if l.named(what, e.name, e.pos) && l.once(what+" "+quote(e.name), e.pos) && !e.value.broken {
			take(e)
		}
	}
}

var validName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// named reports a name that cannot be used in subjects, tables and file names.
func (l *loader) named(what, name string, pos pipeline.Pos) bool {
	if validName.MatchString(name) {
		return true
	}
	l.add(pos, "%s name %s is not allowed", what, quote(name)).Hint = "use 1 to 64 letters, digits, _ and -"
	return false
}

// component is a component with its part of the configuration; a nil node is an empty mapping.
func (l *loader) component(typ string, pos pipeline.Pos, n *node) Component {
	return Component{Type: typ, Pos: pos, node: n, files: l.files}
}

func (l *loader) section(name string, pos pipeline.Pos, n *node) Component {
	if !l.mapping(n) {
		n = nil
	}
	return l.component(name, pos, n)
}

// takeWebhook takes `name: {…}`.
func (l *loader) takeWebhook(e entry) {
	if !e.value.empty() && e.value.kind != mapping {
		l.files.conceal(e.value)
	}
	if l.mapping(e.value) {
		l.project.Webhooks = append(l.project.Webhooks, Webhook{l.component("webhooks", e.pos, e.value), e.name})
	}
}

func (l *loader) takeProject(n *node, _ pipeline.Pos) {
	part := struct {
		ID   int    `yaml:"id"`
		Name string `yaml:"name"`
		URL  string `yaml:"url"`
	}{ID: l.project.Project.ID, Name: l.project.Name}
	l.value(n, reflect.ValueOf(&part).Elem())
	l.project.Name = part.Name
	l.project.Project = pipeline.Project{ID: part.ID, Name: part.Name, URL: part.URL}
}

func (l *loader) takeData(n *node, _ pipeline.Pos) {
	text, ok := l.text(n)
	switch {
	case !ok:
	case text == "":
		l.add(n.pos, "want the path of a folder, got %s", n.what())
	case filepath.IsAbs(text):
		l.project.Data = filepath.Clean(text)
	default:
		l.project.Data = filepath.Join(l.project.Dir, text)
	}
}

// takeWarehouse takes `duckdb` and `{duckdb: {…}}`.
func (l *loader) takeWarehouse(n *node, at pipeline.Pos) {
	if n.empty() {
		return
	}
	kind := componentKind{word: "warehouse", known: l.opts.Warehouses}
	if e, _, ok := l.item(n, kind); ok {
		l.project.Warehouse = l.component(e.name, e.pos, e.value)
	}
}
