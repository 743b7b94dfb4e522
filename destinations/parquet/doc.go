// Package parquet keeps events as Parquet files, in a local folder or in a bucket of any service that speaks S3, for whatever reads such files.
//
// # Files
//
//	incoming/<time>-<hash>-<rows>.parquet                         pieces: what one write has brought, of any project and day
//	events/project=1/day=2026-08-20/<time>-<hash>-<rows>-17.parquet   files: pieces put together, by the 17th manifest
//	_prickle/manifest.json                                        which files count
//	_prickle/empty.parquet                                        no rows, so that a pattern always finds something
//
// Send writes a piece and returns nil when it is durable. Compact puts pieces together, a partition at a time, into files of the size wanted, and
// takes files that are still small with them. It commits by replacing the manifest, which nobody else may have replaced meanwhile. Erase writes files
// again without a person, and commits the same way.
//
// # What is promised
//
// What counts, the live files, are those that the manifest lists and the pieces that it does not list as absorbed. An event that Send has returned nil
// for is in the live files, whatever is killed when. An event that comes twice (an SDK that sends again, a crash before a delivery was
// acknowledged, a replay) may be in them twice: a batch that comes again as it was has the name that it had and replaces itself, and Compact keeps the
// first of what it finds under one uuid among the pieces and small files it puts together, but nothing looks through the whole lake. Readers that
// want each event once take one row for each uuid, as the views do that DuckDB makes of its `lakes`.
//
// A reader that lists all files of the tree, live or not, finds no event that was not sent: files that do not count hold copies of what is in
// those that do. What was absorbed is removed a minute later, by the Compact after that, so that whoever has just listed it can still read it.
package parquet
