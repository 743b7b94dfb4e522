//go:build !linux

package duckdb

func oneArena() {}

func trim() {}
