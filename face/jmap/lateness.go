package jmap

import (
	"context"
	"fmt"
	"time"

	"haven"
	"haven/mail/mailbox"
)

// latenessURN is how late the letters of an account are: docs/jmap-lateness.md.
const latenessURN = "urn:haven:lateness"

var latenessMethods = map[string]method{
	"Lateness/get": {latenessURN, func(c *call) (any, error) { return c.get(latenesses{}) }},
}

// Late is since when letters of an account are late; zero: none is.
type Late struct {
	Arriving time.Time // when the oldest one came that is taken and not yet in the account
	Leaving  time.Time // when the oldest one was sent that is not at its server yet, where nobody was told so
}

// Lateness knows how late letters are. What it costs does not grow with the account.
type Lateness interface {
	Late(ctx context.Context, account haven.AccountNo, before time.Time) (Late, error)
}

// latenesses is the type Lateness. There is one, "singleton". It is asked and never pushed: that nothing happens is no change.
type latenesses struct{}

var latenessShape = Shape{
	{"id", `"singleton"`, ServerSet, ""},
	{"arrivingSince", "UTCDate | null", ServerSet, "when the oldest letter came that is taken and not in the account yet"},
	{"leavingSince", "UTCDate | null", ServerSet, "when the oldest letter was sent that is still on its way, where nobody was told so"},
}

var latenessProperties = latenessShape.names()

func (latenesses) Properties() (all, usual []string) { return latenessProperties, latenessProperties }

func (latenesses) late(c *call, v mailbox.Viewer) (Late, error) {
	return c.srv.o.Late.Late(c.ctx, v.Account, c.srv.now().Add(-c.srv.o.Policy.LateAfter))
}

func (t latenesses) State(c *call, v mailbox.Viewer) (string, error) {
	l, err := t.late(c, v)
	return fmt.Sprintf("%x-%x", max(0, l.Arriving.Unix()), max(0, l.Leaving.Unix())), err
}

func (latenesses) All(*call, mailbox.Viewer) ([]string, error) { return []string{singleton}, nil }

func (t latenesses) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	l, err := t.late(c, v)
	for _, id := range ids {
		if id == singleton {
			add(id, record{"arrivingSince": dateOrNull(l.Arriving), "leavingSince": dateOrNull(l.Leaving)})
		}
	}
	return err
}

// latenessCapability: whoever opens an account sees how late it is.
func latenessCapability(a Account) any {
	if !a.Rights.Has(haven.Read) {
		return nil
	}
	return record{}
}

// latenessDescription is what is told of how late letters are.
var latenessDescription = description{
	urn:   latenessURN,
	table: latenessMethods,
	types: []DataType{{Name: "Lateness", Says: "How late the letters of an account are (docs/jmap-lateness.md).", Shape: latenessShape, Kept: true, reads: latenesses{}}},
}
