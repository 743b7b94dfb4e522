// Package webhooks makes events of what other services post to /webhooks/<name>.
//
//	request ──verify──> believed ──hog or map──> events ──capture──> stored ──> answer
//
// A scheme (stripe, github, slack, standard, hmac, basic, bearer, header, none) says whether a request comes from whom it should. A Hog
// function or a mapping of expressions makes events of it. Package capture reads the body, applies its rules to the events and stores them,
// all of them before the answer or none.
//
// A delivery that is sent again, by the service or by somebody who has copied it, gives events with the same UUIDs, so that the bus drops
// what it has and the warehouse keeps one row.
package webhooks
