// Package mask proves that a mask which fails lets nothing through. It makes random projects whose transforms take a marked secret out of every
// event, damages those transforms so that they throw, run out of time, steps or memory, panic, or return what is no event, and looks for the
// mark in everything that leaves the process: what destinations receive, the log, metrics, spans and the status.
//
//	go test ./test/mask
//	go test ./test/mask -mask.rounds 500 -mask.seed 7 -timeout 0
//
// What each damaged transform does to each event is known by whoever damaged it, and not asked of the code that is tested: model_test.go
// follows the events through the phases of a round and says which may have arrived where.
package mask
