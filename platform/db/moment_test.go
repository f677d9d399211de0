package db

import (
	"testing"
	"time"
)

func TestMomentsComeBack(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, time.Unix(1, 2000).UTC(), time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), time.Date(1936, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if back := Moment(Micros(at)); !back.Equal(at) || back.Location() != time.UTC {
			t.Errorf("%s comes back as %s", at, back)
		}
	}
	if Micros(time.Time{}) != 0 {
		t.Error("the zero time is stored as something")
	}
}
