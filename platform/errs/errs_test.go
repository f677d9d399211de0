package errs

import (
	"errors"
	"fmt"
	"testing"
)

func TestStorageFullIsFoundHoweverWrapped(t *testing.T) {
	t.Parallel()
	full := StorageFull(errors.New("no space"))
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"itself":         {full, true},
		"by fmt":         {fmt.Errorf("x: %w", full), true},
		"by another":     {Wrap(Transient, full, "Busy."), true},
		"by both":        {fmt.Errorf("x: %w", Wrap(Internal, fmt.Errorf("y: %w", full), "")), true},
		"another":        {Wrap(Transient, errors.New("no"), "Busy."), false},
		"no error":       {nil, false},
		"of no kind":     {errors.New("no"), false},
		"nothing to say": {StorageFull(nil), false},
	} {
		if got := IsStorageFull(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestOnlySentencesAreShown(t *testing.T) {
	t.Parallel()
	secret := errors.New("row 17 of table x")
	for _, k := range Kinds() {
		if s := Say(Wrap(k, secret, "")); s == "" || s == secret.Error() {
			t.Errorf("kind %v says %q", k, s)
		}
		if got := KindOf(fmt.Errorf("x: %w", Wrap(k, secret, ""))); got != k {
			t.Errorf("kind %v reads back as %v", k, got)
		}
	}
}
