// Package sdks runs real, unmodified SDKs against a running project, in Node, in Chromium and in Go, and compares what is in the warehouse
// afterwards with what their calls mean. Between an SDK and the project is a middleman that spoils its first requests, so that its own retries
// are tested as well.
//
//	go test ./test/sdks       a session with each SDK and a retry with some, in less than a minute, as part of `make test`
//	PRICKLE_TEST_SDKS=1 go test ./test/sdks
//	                          all of it
//	make sdks                 the same, and docs/sdks.md written anew
//	go test ./test/sdks -run TestSDKs/posthog-js/429 -v
//
// The sessions and snippets that run in Node and in Chromium are in test/node, those in Go in a module of their own, posthog-go. What is to be
// found in the warehouse is written out in files named after whose protocol it is.
package sdks
