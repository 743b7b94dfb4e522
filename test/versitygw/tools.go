//go:build tools

// Package versitygw pins the S3 server that tests are run against, in a module of its own, so that Prickle's has nothing of it.
package versitygw

import _ "github.com/versity/versitygw/cmd/versitygw" // a program, which make tools builds
