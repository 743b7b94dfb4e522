package posthog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The chain that a newer SDK sent for a click is the one that is made of what an older one sends for it.
func TestElementsChain(t *testing.T) {
	for name, test := range map[string]struct{ list, want string }{
		"as posthog-js makes it": {
			`[{"tag_name":"span","nth_child":1,"nth_of_type":1,"$el_text":"Buy now"},
			  {"tag_name":"button","classes":["primary","btn"],"attr__id":"b","attr__class":"btn primary","attr__data-x":1,"nth_child":2,"nth_of_type":1,"$el_text":"Buy now"},
			  {"tag_name":"body","nth_child":2,"nth_of_type":1}]`,
			`span:nth-child="1"nth-of-type="1"text="Buy now";button.btn.primary:attr__class="btn primary"attr__data-x="1"attr__id="b"attr_id="b"nth-child="2"nth-of-type="1"text="Buy now";body:nth-child="2"nth-of-type="1"`,
		},
		"what is derived": {
			`[{"tag_name":"a","attr__href":"/x","attr__class":" b  a "}]`, `a.a.b:attr__class=" b  a "attr__href="/x"href="/x"`,
		},
		"what is said itself": {
			`[{"tag_name":"a","href":"/y","attr_id":"own","attr__href":"/x","attr__id":"page"}]`, `a:attr__href="/x"attr__id="page"attr_id="own"href="/y"`,
		},
		"quotes": {
			`[{"tag_name":"p","classes":["a\"b"],"$el_text":"say \"hi\"","attr__a\"b":"\"","attr__list":["x","y"]}]`, `p.ab:attr__a\"b="\""attr__list="x y"text="say \"hi\""`,
		},
		"long": {
			`[{"tag_name":"a","$el_text":"` + strings.Repeat("é", 500) + `","href":"` + strings.Repeat("h", 3000) + `"}]`,
			`a:href="` + strings.Repeat("h", 2048) + `"text="` + strings.Repeat("é", 400) + `"`,
		},
		"odd":     {`[1,null,{"tag_name":null,"$el_text":{},"classes":"one","nth_child":true,"other":"x"},{}]`, `.one:nth-child="true";:`},
		"nothing": {`[]`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			for _, event := range []string{`{"$elements":` + test.list + `,"a":1}`, `{"a":1,"$elements":"x","$elements":` + test.list + `}`} {
				_, got := decodeOne(t, nil, `{"token":"phc_test","event":"$autocapture","distinct_id":"d","properties":`+event+`}`)
				want := map[string]any{"a": 1.0, "$ip": "203.0.113.7", "$elements_chain": test.want}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// A chain that the SDK sends stands, and the list beside it goes. What is no list is a property like any other.
func TestElementsChainOfTheSDK(t *testing.T) {
	for properties, want := range map[string]map[string]any{
		`{"$elements":[{"tag_name":"a"}],"$elements_chain":"b:"}`: {"$elements_chain": "b:"},
		`{"$elements_chain":"","$elements":[{"tag_name":"a"}]}`:   {"$elements_chain": ""},
		`{"$elements_chain":null,"$elements":[{"tag_name":"a"}]}`: {"$elements_chain": "a:"},
		`{"$elements":"x","$elements_chain":5}`:                   {"$elements": "x", "$elements_chain": 5.0},
		`{"$elements":null,"$elements_chain":null}`:               {"$elements": nil, "$elements_chain": nil},
	} {
		_, got := decodeOne(t, nil, `{"token":"phc_test","event":"e","distinct_id":"d","properties":`+properties+`}`)
		delete(got, "$ip")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", properties, diff)
		}
	}
}
