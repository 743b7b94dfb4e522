package slack

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFit(t *testing.T) {
	long := strings.Repeat("é", 5000)
	cutTo := func(n int) string { return strings.Repeat("é", n-1) + "…" }
	tests := map[string]string{
		// Block Kit JSON with LONG in it, and what becomes of it, with the limit in place of the long text.
		`[{"type":"section","text":{"type":"mrkdwn","text":"LONG"}}]`:                                                                    `[{"type":"section","text":{"type":"mrkdwn","text":"3000"}}]`,
		`[{"type":"section","fields":[{"type":"mrkdwn","text":"LONG"},{"type":"plain_text","text":"ok"}]}]`:                              `[{"type":"section","fields":[{"type":"mrkdwn","text":"2000"},{"type":"plain_text","text":"ok"}]}]`,
		`[{"type":"header","text":{"type":"plain_text","text":"LONG"}}]`:                                                                 `[{"type":"header","text":{"type":"plain_text","text":"150"}}]`,
		`[{"type":"actions","elements":[{"type":"button","value":"LONGVALUE","text":{"type":"plain_text","text":"LONG"}}]}]`:             `[{"type":"actions","elements":[{"type":"button","value":"LONGVALUE","text":{"type":"plain_text","text":"75"}}]}]`,
		`[{"type":"section","accessory":{"type":"static_select","options":[{"text":{"type":"plain_text","text":"LONG"},"value":"v"}]}}]`: `[{"type":"section","accessory":{"type":"static_select","options":[{"text":{"type":"plain_text","text":"75"},"value":"v"}]}}]`,
		`[{"type":"context","elements":[{"type":"mrkdwn","text":"LONG"},{"type":"image","alt_text":"x"}]}]`:                              `[{"type":"context","elements":[{"type":"mrkdwn","text":"3000"},{"type":"image","alt_text":"x"}]}]`,
		`[{"type":"section","text":{"type":"mrkdwn","text":null}}]`:                                                                      `[{"type":"section","text":{"type":"mrkdwn","text":" "}}]`,
		`[{"type":"section","text":{"type":"mrkdwn","text":""}}]`:                                                                        `[{"type":"section","text":{"type":"mrkdwn","text":" "}}]`,
		`[{"type":"section","text":{"type":"mrkdwn","text":12.5}}]`:                                                                      `[{"type":"section","text":{"type":"mrkdwn","text":"12.5"}}]`,
		`[{"type":"section","text":{"type":"mrkdwn","text":{"a":[1]}}}]`:                                                                 `[{"type":"section","text":{"type":"mrkdwn","text":"{\"a\":[1]}"}}]`,
		`[{"type":"divider"}]`: `[{"type":"divider"}]`,
		`[{"type":"brand_new","payload":{"deep":[1,null,"x"]}}]`: `[{"type":"brand_new","payload":{"deep":[1,null,"x"]}}]`,
	}
	for in, want := range tests {
		t.Run(in, func(t *testing.T) {
			for _, n := range []int{3000, 2000, 150, 75} {
				want = strings.ReplaceAll(want, `"`+strconv.Itoa(n)+`"`, `"`+cutTo(n)+`"`)
			}
			var blocks []block
			var wanted any
			if err := json.Unmarshal([]byte(strings.ReplaceAll(in, `"LONG"`, `"`+long+`"`)), &blocks); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(want), &wanted); err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(fit(blocks))
			if err != nil {
				t.Fatal(err)
			}
			var got any
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestFitCount(t *testing.T) {
	if got := len(fit(make([]block, 70))); got != maxBlocks {
		t.Errorf("\n got %d blocks\nwant %d", got, maxBlocks)
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{"abcde": "abcde", "abcdef": "abcd…", "ééééé": "ééééé", "éééééé": "éééé…", "": ""} {
		if got := cut(in, 5); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}
