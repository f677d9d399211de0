package main

import (
	"errors"
	"testing"

	"haven/platform/db/dbtest"
)

func TestExitCodes(t *testing.T) {
	t.Setenv(dbtest.Environment, "postgres://there.is.one.already.example/")
	for _, c := range []struct {
		name string
		args []string
		code int
		fail bool
	}{
		{"well", []string{"true"}, 0, false},
		{"the command's own", []string{"sh", "-c", "exit 7"}, 7, false},
		{"killed", []string{"sh", "-c", "kill -9 $$"}, 1, false},
		{"no such command", []string{"there-is-no-such-command"}, 127, true},
		{"no command", nil, 2, true},
	} {
		if code, err := run(c.args); code != c.code || (err != nil) != c.fail {
			t.Errorf("%s: code %d, error %v", c.name, code, err)
		}
	}
}

func TestTheCommandFindsAServer(t *testing.T) {
	t.Setenv(dbtest.Environment, "")
	code, err := run([]string{"sh", "-c", `test -S "$(echo "$HAVEN_TEST_POSTGRES" | sed 's/.*host=//; s/%2F/\//g')/.s.PGSQL.5432"`})
	if errors.Is(err, dbtest.ErrNoPostgres) {
		t.Skip(err)
	}
	if code != 0 || err != nil {
		t.Errorf("code %d, error %v", code, err)
	}
}
