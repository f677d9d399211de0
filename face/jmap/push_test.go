package jmap

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
)

// within is a context for what should happen at once.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (w *world) events(c *jmapclient.Client, types, closeAfter, ping, last string) *jmapclient.Events {
	w.t.Helper()
	e, err := c.Events(within(w.t), types, closeAfter, ping, last)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = e.Close() })
	return e
}

// wantState waits for a state event; a nil want takes any.
func wantState(t *testing.T, e *jmapclient.Events, want map[string]map[string]string) jmapclient.Change {
	t.Helper()
	ev, err := e.Next()
	if err != nil || ev.Name != "state" || ev.ID == "" {
		t.Fatalf("%+v, %v", ev, err)
	}
	ch, err := ev.Change()
	if err != nil || !strings.Contains(ev.Data, `"@type":"StateChange"`) || want != nil && !reflect.DeepEqual(ch.Changed, want) {
		t.Errorf("%s, %v; want %v", ev.Data, err, want)
	}
	return ch
}

func TestRFC8620_7_3_EventSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	e := w.events(c, "*", "no", "0", "")
	w.put(pharmacy, "a")
	first := wantState(t, e, map[string]map[string]string{w.account(pharmacy): {"Thing": "1"}})
	w.put(anna, "b")
	second := wantState(t, e, map[string]map[string]string{w.account(anna): {"Thing": "1"}})
	if first.PushState == second.PushState {
		t.Error("another state has the same id")
	}
	_ = e.Close()
	w.put(anna, "while away")
	e = w.events(c, "Thing", "state", "0", second.PushState)
	wantState(t, e, map[string]map[string]string{w.account(anna): {"Thing": "2"}, w.account(pharmacy): {"Thing": "1"}, w.account(archive): {"Thing": "0"}})
	if _, err := e.Next(); !errors.Is(err, io.EOF) { // closeafter=state
		t.Errorf("%v", err)
	}
	w.grant(anna, archive, 0)
	e = w.events(c, "Other", "no", "0", "")
	w.put(anna, "not asked for")
	w.grant(anna, archive, haven.Read)
	wantState(t, e, map[string]map[string]string{w.account(archive): {"Other": "0"}})
}

func TestRFC8620_7_3_NothingChangedSinceThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	e := w.events(c, "*", "no", "0", "x")
	now := wantState(t, e, nil) // another state than x: all is told
	if len(now.Changed) != 3 {
		t.Errorf("%v", now.Changed)
	}
	e = w.events(c, "*", "no", "0", now.PushState)
	w.put(anna, "a")
	wantState(t, e, map[string]map[string]string{w.account(anna): {"Thing": "1"}})
}

func TestRFC8620_7_3_Ping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.events(w.as(anna), "*", "no", "30", "")
	stop := w.ticking(10 * time.Second)
	defer stop()
	ev, err := e.Next()
	if err != nil || ev.Name != "ping" || ev.Data != `{"interval":30}` {
		t.Errorf("%+v, %v", ev, err)
	}
}

// ticking has the clock go on until stop is called.
func (w *world) ticking(step time.Duration) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				w.Clock.Advance(step)
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

func TestRFC8620_7_3_WrongQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.as(anna)
	for _, q := range [][3]string{{"", "no", "0"}, {"A,,B", "no", "0"}, {"*", "yes", "0"}, {"*", "", "0"}, {"*", "no", "-1"}, {"*", "no", ""}, {"*", "no", "x"}, {strings.Repeat("A,", 100) + "A", "no", "0"}} {
		_, err := c.Events(t.Context(), q[0], q[1], q[2], "")
		wantStatus(t, strings.Join(q[:], "|"), err, http.StatusBadRequest, "")
	}
}
