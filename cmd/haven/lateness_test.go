package main

import (
	"testing"
	"time"

	"haven/face/jmap/jmapclient"
)

func TestLateness(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	c := w.client(jmapclient.Basic(w.ann.Address.String(), jmapPassword))
	c.Using = []string{jmapclient.Core, "urn:haven:lateness"}
	for id := range c.Session.Accounts {
		r, err := c.Call(t.Context(), jmapclient.Call{Name: "Lateness/get", Args: jmapclient.Args{"accountId": id}, ID: "0"})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, id, string(r.Answers[0].Args), `"id":"singleton"`, `"arrivingSince":null`, `"leavingSince":null`)
	}
}

func TestEarliest(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct{ a, b, want time.Time }{
		{time.Time{}, time.Time{}, time.Time{}},
		{at, time.Time{}, at},
		{time.Time{}, at, at},
		{at.Add(time.Minute), at, at},
	} {
		if got := earliest(x.a, x.b); !got.Equal(x.want) {
			t.Errorf("of %v and %v: %v", x.a, x.b, got)
		}
	}
}
