package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table says what is met and what is missed, and a lost event is a miss whatever the figure.
func TestTable(t *testing.T) {
	var out strings.Builder
	writeTable(&out, []row{
		{what: "a", unit: " events/s", rounds: []float64{81000, 79000, 85000}, atLeast: 80000},
		{what: "b", unit: " ms", rounds: []float64{50}, under: 50},
		{what: "c", unit: " times", rounds: []float64{19.4, 19.5}, atLeast: 20},
		{what: "d", unit: "", rounds: []float64{5}},
		{what: "e", unit: "", rounds: []float64{5}, faults: " (1 lost)"},
	})
	want := `| what | wanted | measured | of all rounds | met |
| --- | ---: | ---: | ---: | --- |
| a | at least 80,000 events/s | 81,000 events/s | 79,000 to 85,000 | met |
| b | under 50 ms | 50 ms |  | **missed** |
| c | at least 20 times | 19.4 times | 19.4 to 19.5 | **missed** |
| d |  | 5 |  |  |
| e |  | 5 (1 lost) |  | **missed** |
`
	if out.String() != want {
		t.Errorf("\n got %s\nwant %s", out.String(), want)
	}
}

// What prickle bench prints has every figure that is wanted of it, or else it is an error.
func TestRows(t *testing.T) {
	var r result
	r.Lost = 1
	for _, name := range []string{"to webhook p50", "to webhook p99", "peak memory"} {
		r.Figures = append(r.Figures, struct {
			Name, Unit string
			Value      float64
			Rounds     []float64
		}{name, "ms", 3, nil})
	}
	rows, err := r.rows("idle")
	if err != nil || len(rows) != 3 || rows[0].met() || !strings.Contains(rows[0].faults, "1 lost") {
		t.Errorf("\n got %+v, %v\nwant three rows, missed for what was lost", rows, err)
	}
	if _, err := r.rows("path"); err == nil || !strings.Contains(err.Error(), `"whole path"`) {
		t.Errorf("a figure that is missing\n got %v", err)
	}
}

// The lines of an output are counted, and outputs that differ are seen.
func TestOutputsAreCompared(t *testing.T) {
	contenders := make([]*contender, 4)
	for i := range contenders {
		total := 12
		if i == 2 {
			total = 13
		}
		path := filepath.Join(t.TempDir(), "out.ndjson")
		text := fmt.Sprintf("{\"uuid\":\"u\",\"event\":\"e\",\"properties\":{\"total\":%d}}\n{}\n", total)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		contenders[i] = &contender{name: fmt.Sprint("engine ", i), perCore: []float64{float64(1 + i)}}
		if n, err := contenders[i].read(path); err != nil || n != 2 {
			t.Errorf("lines\n got %d, %v\nwant 2", n, err)
		}
	}
	if _, err := compare(contenders); err == nil || !strings.Contains(err.Error(), "engine 2") {
		t.Errorf("an output that differs\n got %v", err)
	}
	contenders[2].output = contenders[0].output
	rows, err := compare(contenders)
	if err != nil || len(rows) != 6 || rows[4].rounds[0] != 0.5 {
		t.Errorf("\n got %+v, %v\nwant four rates and two ratios", rows, err)
	}
}

// The file has as many matching lines of about 1 KB as it says.
func TestEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	match, err := writeEvents(path, 1000)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"event":"purchase"`); n != match || match != 100 {
		t.Errorf("matching\n got %d, said to be %d\nwant 100", n, match)
	}
	if n := len(text) / 1000; n < 980 || n > 1060 {
		t.Errorf("an event\n got %d bytes\nwant about 1 KB", n)
	}
}
