package main

import "testing"

// BenchmarkEvents is for profiles of the work on events; the table comes from main.
func BenchmarkEvents(b *testing.B) {
	rows, err := eventRows(nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rows {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.ours.once(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
