package posthog

import (
	"maps"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// How many characters of an element's text and of its link are kept (spec 6.7).
const maxElementText, maxElementLink = 400, 2048

// ownAttribute begins the names of attributes that an element has in the page.
const ownAttribute = "attr__"

// elementsChain is the text that stands for a list of elements, the innermost first, as newer browser SDKs send it in the list's place.
func elementsChain(list []byte) string {
	var chain strings.Builder
	for value := range rawjson.Elements(list) {
		if rawjson.KindOf(value) != rawjson.Object {
			continue
		}
		if chain.Len() > 0 {
			chain.WriteByte(';')
		}
		e := readElement(value)
		e.write(&chain)
	}
	return chain.String()
}

// chained appends an object of properties with a chain in place of its list of elements. A chain that it has already stands.
func chained(dst, properties, list []byte) []byte {
	chain, _ := rawjson.Get(properties, "$elements_chain")
	own := rawjson.KindOf(chain) == rawjson.Text
	w := wire.NewRewriter(dst, properties)
	for key, value := range rawjson.Members(properties) {
		if rawjson.KeyIs(key, "$elements") || !own && rawjson.KeyIs(key, "$elements_chain") {
			w.Drop()
		} else {
			w.Keep(key, value)
		}
	}
	if !own {
		w.AddString("$elements_chain", elementsChain(list))
	}
	return w.Close()
}

// element is one of a page that an event is about. Empty texts stand for what there is not.
type element struct {
	tag        string
	classes    []string
	attributes map[string]string
}

func readElement(value []byte) element {
	e := element{attributes: map[string]string{}}
	for key, value := range rawjson.Members(value) {
		switch name := string(wire.Name(key)); name {
		case "tag_name":
			e.tag = scalar(value)
		case "classes":
			e.classes = texts(value)
		case "$el_text":
			e.attributes["text"] = wire.Cut(scalar(value), maxElementText)
		case "nth_child":
			e.attributes["nth-child"] = scalar(value)
		case "nth_of_type":
			e.attributes["nth-of-type"] = scalar(value)
		case "href":
			e.attributes["href"] = wire.Cut(scalar(value), maxElementLink)
		case "attr_id":
			e.attributes["attr_id"] = scalar(value)
		default:
			if strings.HasPrefix(name, ownAttribute) {
				e.attributes[name] = strings.Join(texts(value), " ")
			}
		}
	}
	e.derive()
	return e
}

// derive takes what has a place of its own from the attributes of the page, where the list does not say it.
func (e *element) derive() {
	if e.classes == nil {
		e.classes = strings.Fields(e.attributes[ownAttribute+"class"])
	}
	if e.attributes["href"] == "" {
		e.attributes["href"] = wire.Cut(e.attributes[ownAttribute+"href"], maxElementLink)
	}
	if e.attributes["attr_id"] == "" {
		e.attributes["attr_id"] = e.attributes[ownAttribute+"id"]
	}
}

var quotes = strings.NewReplacer(`"`, `\"`)

func (e *element) write(chain *strings.Builder) {
	chain.WriteString(e.tag)
	for _, class := range slices.Sorted(slices.Values(e.classes)) {
		chain.WriteByte('.')
		chain.WriteString(strings.ReplaceAll(class, `"`, ""))
	}
	chain.WriteByte(':')
	for _, name := range slices.Sorted(maps.Keys(e.attributes)) {
		if value := e.attributes[name]; value != "" {
			chain.WriteString(quotes.Replace(name) + `="` + quotes.Replace(value) + `"`)
		}
	}
}

// scalar is a text, or what a number or a boolean looks like; "" for anything else.
func scalar(value []byte) string {
	switch rawjson.KindOf(value) {
	case rawjson.Text:
		return wire.Text(value)
	case rawjson.Number, rawjson.Bool:
		return string(value)
	}
	return ""
}

// texts are the scalars of a list, or the one that there is in place of a list.
func texts(value []byte) (list []string) {
	if rawjson.KindOf(value) == rawjson.Array {
		for one := range rawjson.Elements(value) {
			list = append(list, scalar(one))
		}
		return list
	}
	if text := scalar(value); text != "" {
		list = append(list, text)
	}
	return list
}
