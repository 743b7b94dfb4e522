// Package chaos breaks a running project in every way we can think of and asks an oracle whether the promises were kept. The product is the
// command itself, as a child process; everything happens on loopback.
//
//	go test ./test/chaos                a few cases in less than a minute, as part of `make test`
//	PRICKLE_TEST_CHAOS=1 go test ./test/chaos
//	                                    all of them in their short form, which takes minutes; as root for all of it
//	make chaos                          every case fifty times in a row, and the table in docs/reliability.md
//	go test ./test/chaos -run Killed -chaos.rounds 5 -v
//
// Cases are tests: each opens a scene, lets clients send, does harm in rounds, waits until all is quiet again, and has the oracle judge. The
// oracle and what it needs are in package oracle, what is broken and how in package rig.
package chaos
