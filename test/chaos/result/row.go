// Package result is what the chaos suite tells the report.
package result

import "time"

// Row is what became of a case. Counters of places are sums over them.
type Row struct {
	Case         string        `json:"case"`
	Runs         int           `json:"runs"`
	Acknowledged int           `json:"acknowledged"`
	Delivered    int           `json:"delivered"`
	Dead         int           `json:"dead"`
	Lost         int           `json:"lost"`
	Doubled      int           `json:"doubled"`
	Repeated     int           `json:"repeated"`
	Reordered    int           `json:"reordered"`
	Overtaken    int           `json:"overtaken"`
	Recovery     time.Duration `json:"recovery"` // the median
	Slowest      time.Duration `json:"slowest"`
	Note         string        `json:"note,omitempty"`
}
