package main

import (
	"strings"
	"testing"
)

// A notice that is posted on the command line is listed until it is ended, and stays in the history.
func TestAdminNotice(t *testing.T) {
	t.Parallel()
	i := install(t).founded()
	admin := func(code int, want string, words ...string) string {
		t.Helper()
		out, errOut, got := operate(t, append([]string{"admin", "--config", i.conf, "notice"}, words...)...)
		if got != code || !strings.Contains(out+errOut, want) {
			t.Fatalf("%v: code %d, %s%s, want %d with %q", words, got, out, errOut, code, want)
		}
		return out
	}
	id, _, _ := strings.Cut(admin(0, "everybody sees it now", "post", "problem", "Texts are late", "We know."), " ")
	admin(1, "This notice is posted already.", "post", "problem", "Texts are late", "We know.")
	admin(0, id+"  problem  from ", "list")
	admin(0, "the notice "+id+" is over", "end", id)
	admin(1, "there is no notice "+id, "end", id)
	admin(0, "none", "list")
	admin(0, "Texts are late", "list", "--past")
}
