package main

import "testing"

// BenchmarkLibrary is for profiles of the programs that live in Hog's library; the table comes from main.
func BenchmarkLibrary(b *testing.B) {
	for _, name := range library {
		run, err := loadHog(program(name + ".hog"))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
