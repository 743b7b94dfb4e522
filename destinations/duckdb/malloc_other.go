//go:build !linux

package duckdb

func allocators() {}

func trim() {}
