// Package hogcase tests Hog programs by cases that a user writes down in YAML: beside enrich.hog stands enrich.test.yaml.
//
// A case with an event tests the program as the hog transform runs it, in everything; a case without one runs it as a program of its own,
// with globals, and with calls of fetch answered by the case. What a case does not expect is a failure: another value, a further key,
// a call that was not foreseen. Nothing in a run depends on the machine: the clock stands still, randomness comes from a seed, nothing is
// fetched and sleep only moves the clock.
//
// Mistakes in a test file or in its program are *pipeline.ConfigError with their places, all found before anything runs.
package hogcase
