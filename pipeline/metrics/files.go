package metrics

import "github.com/prickle-dev/prickle/pipeline"

var filesGroup = newGroup("prickle_files_", []string{"pipeline", "destination"},
	counter("written_total", "Files that a destination of files has written, those made by putting others together too.", func(c pipeline.FileCounts) float64 { return float64(c.Files) }),
	counter("rows_total", "Rows in them.", func(c pipeline.FileCounts) float64 { return float64(c.Rows) }),
	counter("bytes_total", "Bytes of them.", func(c pipeline.FileCounts) float64 { return float64(c.Bytes) }),
	gauge("waiting", "Small files that wait to be put together.", func(c pipeline.FileCounts) float64 { return float64(c.WaitingFiles) }),
	gauge("waiting_bytes", "Bytes of the small files that wait to be put together.", func(c pipeline.FileCounts) float64 { return float64(c.WaitingBytes) }),
)
