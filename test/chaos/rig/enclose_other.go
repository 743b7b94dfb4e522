//go:build !linux

package rig

// Enclose is for Linux.
func Enclose() (code int, done bool, err error) { return 0, false, nil }
