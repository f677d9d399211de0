package main

import (
	"io"
	"testing"

	"haven"
	"haven/face/jmap"
	"haven/face/jmap/jmapclient"
	"haven/people/sharedmailbox"
	"haven/platform/db"
)

// What no key of a purged person's seals is deleted, in mailboxes of others too.
func TestPurgeForgets(t *testing.T) {
	t.Parallel()
	w := newJMAPWorld(t)
	ctx := t.Context()
	cat := w.person("Cat", "New")
	if err := w.shared.AddMember(ctx, jmapActor, w.shop.No, sharedmailbox.Grant{Person: cat.No, Rights: haven.Member}); err != nil {
		t.Fatal(err)
	}
	c := w.client(jmapclient.Basic(cat.Address.String(), jmapPassword))
	c.Using = []string{jmapclient.Core, "urn:ietf:params:jmap:submission"}
	if r, err := c.Call(ctx, jmapclient.Call{Name: "Identity/get", Args: jmapclient.Args{"accountId": jmap.Account{ID: w.shop.ID}.JMAP()}}); err != nil || r.Answers[0].Error() != "" {
		t.Fatal(r, err)
	}
	rows := func(table string) (n int) {
		t.Helper()
		err := w.db.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT 1 FROM `+table+` WHERE person = $1`, []any{int64(cat.No)}, func(db.Row) error { n++; return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	tables := []string{"share_notification", "share_notification_seq", "identity"}
	for _, table := range tables {
		if rows(table) == 0 {
			t.Errorf("%s has nothing of the person before", table)
		}
	}
	address := cat.Address.String()
	if err := runVerb(ctx, w.house, adminVerb{run: accountPurge}, []string{address, "--sure", address}, stdio{out: io.Discard, err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if n := rows(table); n != 0 {
			t.Errorf("%s has %d rows of the person afterwards", table, n)
		}
	}
}
