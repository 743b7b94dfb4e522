package metrics

import (
	"github.com/prickle-dev/prickle/pipeline/measure"
	"github.com/prickle-dev/prickle/pipeline/query"
)

var queryGroup = newGroup("prickle_query_", nil,
	counters("requests_total", "outcome", "Questions over HTTP by what became of them: answered, unauthorized, malformed, busy (too many at once), refused (by the warehouse), too_many_rows, timeout, broken (ended in the middle of the answer) or gone (the client went away).",
		func(s *query.Server) map[string]uint64 { return s.Stats().Outcomes() }),
	counter("rows_total", "Rows of answers.", func(s *query.Server) float64 { return float64(s.Stats().Rows.Load()) }),
	gauge("running", "Questions being answered.", func(s *query.Server) float64 { return float64(s.Stats().Running.Load()) }),
	histogram("duration_seconds", "Time of an answer, however it ended.", func(s *query.Server) *measure.Histogram { return s.Stats().Duration }),
)
