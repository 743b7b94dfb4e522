//go:build !unix

package main

// keepPrivate does nothing where files inherit their access from the folder.
func keepPrivate() {}
