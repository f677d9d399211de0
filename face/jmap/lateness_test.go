package jmap

import (
	"context"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
)

// lateTable is how late accounts are, by account.
type lateTable map[haven.AccountNo]Late

func (l lateTable) Late(_ context.Context, no haven.AccountNo, before time.Time) (late Late, _ error) {
	if of := l[no]; !of.Leaving.After(before) {
		late = of
	}
	return late, nil
}

type lateAnswer struct {
	State string
	List  []struct {
		ID                          string
		ArrivingSince, LeavingSince *string
	}
	NotFound []string
}

func TestLateness(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	table := lateTable{}
	w := newWorld(t, func(o *Options) { o.Late, o.Policy.LateAfter = table, time.Minute })
	c := w.as(anna)
	c.Using = []string{jmapclient.Core, latenessURN}
	ask := func(box string) lateAnswer {
		return one[lateAnswer](t, c, "Lateness/get", args{"accountId": w.account(box), "ids": []string{"singleton", "x"}})
	}
	quiet := ask(pharmacy)
	if l := quiet.List; len(l) != 1 || l[0].ID != singleton || l[0].ArrivingSince != nil || l[0].LeavingSince != nil || len(quiet.NotFound) != 1 {
		t.Errorf("%+v", quiet)
	}
	table[w.people.no[pharmacy]] = Late{Leaving: at}
	if late := ask(pharmacy); late.State == quiet.State || late.List[0].LeavingSince == nil || *late.List[0].LeavingSince != date(at) || late.List[0].ArrivingSince != nil {
		t.Errorf("%+v", late)
	}
	if l := ask(anna).List[0]; l.LeavingSince != nil {
		t.Errorf("another account: %+v", l)
	}
	b := w.as(ben)
	b.Using = c.Using
	wantErrors(t, b, []errorCase{{"of whom one may not know", "Lateness/get", args{"accountId": w.account(archive)}, "accountNotFound"}})
}
