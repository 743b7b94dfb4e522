//go:build !unix

package parquet

// lockFile is none here: one process may write to a lake.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }

func isFull(error) bool { return false }
