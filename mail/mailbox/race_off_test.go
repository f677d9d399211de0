//go:build !race

package mailbox_test

const racing = false
