package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"haven/platform/clock"
)

// clockFile stands in a demo's folder and says how far its clock was moved on: what is in the store happened by it.
const clockFile = "clock"

// demoClock is the demo's clock, as far on as it was when the demo ran last. Where there is no database yet it begins in the past, with the demo's story.
func demoClock(file, database string) (*clock.Movable, error) {
	m := &clock.Movable{}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(database); errors.Is(err, os.ErrNotExist) {
			m = clock.Behind(demoPast)
		}
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w; start over with --fresh", file, err)
	}
	m.Move(ahead)
	return m, nil
}

// moveClock moves a demo's clock on, and keeps how far.
func moveClock(m *clock.Movable, file string, by time.Duration) error {
	if err := os.WriteFile(file, []byte((m.Ahead()+by).String()+"\n"), 0o600); err != nil {
		return err
	}
	m.Move(by)
	return nil
}
