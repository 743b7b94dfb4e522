// Package oracle judges whether a pipeline keeps its promises, from the outside and with nothing but its own records.
//
// A Ledger hands out events: a UUID, a person, the person's next number, and properties whose exact bytes it keeps. Clients send them as
// SDKs do and note which requests were acknowledged. Receivers, the queries of a warehouse and the list of dead letters say what became of
// them. Judge compares the two:
//
//   - every acknowledged event arrived at every place that wants it, or is a dead letter of it;
//   - its properties are byte for byte what was sent;
//   - no warehouse has an event twice; elsewhere repeats are counted;
//   - the events of a person first arrived in the order in which they were sent, but for those that had to be tried again;
//   - nothing arrived that was not sent, not wanted, or that should have died on the way.
//
// An event that was never acknowledged may have arrived or not. All else holds for it as well.
package oracle
