// Package stripe reads a Stripe account into tables.
//
// # How an account is read
//
// Every table is first read as a list, newest objects first, one page after the other (the backfill). Meanwhile, and in every later
// pass, the account's event feed tells which objects have changed, and each of them is fetched by its id: the content of an event never
// reaches the warehouse, because events of one second have no order and may be rendered by another API version, with cut lists. Only
// deletions are believed at once. Balance transactions have no events, so their list is read again: the newest part in every pass, and
// once a day as far back as a pending one can be.
//
// # Why nothing is skipped
//
// The feed is followed from a moment before the first list was asked for, so a change that a list no longer shows is in the feed. The
// events cursor stays a minute behind the feed's end, which is only eventually complete, and ten minutes before the cursor are read again.
// A list's position is the last object of a committed page; when that object has been deleted since, the list is asked again for
// everything created no later than it. A feed that was not read for longer than Stripe keeps it leads to a new backfill.
//
// # What is not done
//
// Connected accounts, webhooks, and the comparison of live keys with the account's (which would find what was deleted while the feed was
// not read for more than 29 days) are not part of this source.
package stripe
