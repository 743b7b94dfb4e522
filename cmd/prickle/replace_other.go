//go:build !unix

package main

import "errors"

// replaceProcess returns an error where a program cannot take another's place.
func replaceProcess() error { return errors.New("start prickle run again") }
