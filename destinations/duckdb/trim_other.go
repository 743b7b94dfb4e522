//go:build !linux

package duckdb

func trim() {}
