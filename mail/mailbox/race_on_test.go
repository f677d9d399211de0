//go:build race

package mailbox_test

// racing says that the race detector watches, under which SQLite runs 20 times slower.
const racing = true
