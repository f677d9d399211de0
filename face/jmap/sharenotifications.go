package jmap

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/people/directory"
	"haven/people/sharenotification"
	"haven/platform/errs"
)

// ShareNotifications tells people that their rights in shared mailboxes changed; *sharenotification.Service does.
type ShareNotifications interface {
	Of(ctx context.Context, person haven.AccountNo) ([]sharenotification.Notification, int64, error)
	State(ctx context.Context, person haven.AccountNo) (int64, error)
	Since(ctx context.Context, person haven.AccountNo, from int64, most int) (sharenotification.Changes, error)
	Dismiss(ctx context.Context, person haven.AccountNo, seq int64) error
}

// shareMethods are those of RFC 9670 §3. Notifications are in the account in which Principals are.
var shareMethods = map[string]method{
	"ShareNotification/get":          {principalsURN, func(c *call) (any, error) { return c.get(shares{}) }},
	"ShareNotification/changes":      {principalsURN, func(c *call) (any, error) { return c.changes(shares{}) }},
	"ShareNotification/set":          {principalsURN, func(c *call) (any, error) { return c.setAs(haven.Read, shares{}) }},
	"ShareNotification/query":        {principalsURN, func(c *call) (any, error) { return c.query(shares{}) }},
	"ShareNotification/queryChanges": {principalsURN, func(c *call) (any, error) { return c.queryChanges(shares{}) }},
}

// shares is the type ShareNotification (RFC 9670 §3): what became of the person's rights in a shared mailbox. Rights cover a whole account, so that
// the object is one Mailbox that each has, the Inbox.
type shares struct{}

var shareShape = Shape{
	{"id", "ShareNotificationId", ServerSet, ""},
	{"created", "UTCDate", ServerSet, ""},
	{"changedBy", "ShareEntity", ServerSet, ""},
	{"objectType", `"Mailbox"`, ServerSet, ""},
	{"objectAccountId", "AccountId", ServerSet, ""},
	{"objectId", "MailboxId", ServerSet, "the Inbox: rights cover a whole account"},
	{"oldRights", "MailboxRights | null", ServerSet, ""},
	{"newRights", "MailboxRights | null", ServerSet, ""},
	{"name", "string", ServerSet, ""},
}

var shareProperties = shareShape.names()

func (shares) Properties() (all, usual []string) { return shareProperties, shareProperties }

// shareType is the type of object that rights are told of.
const shareType = "Mailbox"

func shareID(seq int64) string { return "S" + strconv.FormatInt(seq, 36) }

// shareSeq is the number behind an id; 0 for what can't be one.
func shareSeq(id string) int64 {
	digits, ok := strings.CutPrefix(id, "S")
	n, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || n <= 0 || shareID(n) != id {
		return 0
	}
	return n
}

// ShareStates are the states of what is told of rights, for what is pushed (RFC 9670 §7.4): in the person's own account alone.
func ShareStates(ctx context.Context, told ShareNotifications, mail *mailbox.Service, v mailbox.Viewer) (map[string]string, error) {
	if v.Account != v.Person {
		return nil, nil
	}
	st, err := mail.States(ctx, v)
	if err != nil {
		return nil, err
	}
	seq, err := told.State(ctx, v.Person)
	return map[string]string{"ShareNotification": shareState(seq, st)}, err
}

// shareState is a state as clients get it: a restore ends it with those of mail.
func shareState(seq int64, st mailbox.States) string { return stateAt(haven.Seq(seq), st.Epoch) }

func (shares) State(c *call, v mailbox.Viewer) (string, error) {
	all, err := ShareStates(c.ctx, c.srv.o.Shares, c.srv.o.Mail, v)
	return all["ShareNotification"], err
}

func (shares) All(c *call, v mailbox.Viewer) ([]string, error) {
	all, _, err := c.srv.o.Shares.Of(c.ctx, v.Person)
	return idsOf(all, shareIDOf), err
}

func shareIDOf(n sharenotification.Notification) string { return shareID(n.Seq) }

func (shares) Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(string, any)) error {
	all, _, err := c.srv.o.Shares.Of(c.ctx, v.Person)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(n sharenotification.Notification) bool { return !slices.Contains(ids, shareIDOf(n)) })
	var known map[haven.AccountID]directory.Entry
	if want.Has("changedBy") {
		if known, err = c.hands(v, all); err != nil {
			return err
		}
	}
	for _, n := range all {
		add(shareIDOf(n), record{"created": date(n.Made), "changedBy": handObject(n, known), "objectType": shareType, "objectAccountId": accountID(n.Mailbox),
			"objectId": mailbox.MailboxID(n.Mailbox, mailbox.InboxNo), "oldRights": shareRights(n.Old), "newRights": shareRights(n.New), "name": n.Name})
	}
	return nil
}

// hands are those who changed rights, as the directory shows them; whom it does not show, and all where the person may not search, it leaves out.
func (c *call) hands(v mailbox.Viewer, all []sharenotification.Notification) (map[haven.AccountID]directory.Entry, error) {
	var ids []haven.AccountID
	for _, n := range all {
		if n.By.No != 0 {
			ids = append(ids, n.By.ID)
		}
	}
	entries, err := c.srv.o.Directory.ByID(c.ctx, c.actor(c.accountID(v)), ids)
	if errs.Is(err, errs.Denied) {
		err = nil
	}
	known := make(map[haven.AccountID]directory.Entry, len(entries))
	for _, e := range entries {
		known[e.Account.ID] = e
	}
	return known, err
}

// handObject is an Entity (RFC 9670 §3.2): by name whoever it was, for that stands in the history of the account too, and by address where the
// directory shows it.
func handObject(n sharenotification.Notification, known map[haven.AccountID]directory.Entry) record {
	o := record{"name": n.By.Display, "email": nil, "principalId": nil}
	switch e, shown := known[n.By.ID]; {
	case n.By.ID.IsZero():
		o["name"] = "The service"
	case n.By.No == 0:
		o["name"] = "Somebody whose account is gone"
	case shown:
		o["email"], o["principalId"] = orNullText(e.Account.Address.String()), principalID(e.Account.ID)
	}
	return o
}

// shareRights is myRights of the Inbox; null for none.
func shareRights(r haven.Rights) any {
	if !r.Has(haven.Read) {
		return nil
	}
	return folderRights(mailbox.Folder{No: mailbox.InboxNo, Role: mailbox.Inbox}, r)
}

func (shares) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil {
		return changed{}, err
	}
	st, err := c.states(v)
	if err != nil {
		return changed{}, err
	}
	if from.Origin != from.Seq || from.Epoch != st.Epoch {
		return changed{}, errCantCalculate
	}
	ch, err := c.srv.o.Shares.Since(c.ctx, v.Person, int64(from.Seq), most)
	if errors.Is(err, sharenotification.ErrLost) {
		err = errCantCalculate
	}
	return changed{NewState: shareState(ch.State, st), More: ch.More, Created: idsOf(ch.Made, shareID), Destroyed: idsOf(ch.Dismissed, shareID)}, err
}

// Query is ShareNotification/query (RFC 9670 §3.6).
func (shares) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	match := every[sharenotification.Notification](nil)
	if q.Filter != nil {
		var err error
		if match, err = shareFilter(q.Filter); err != nil {
			return found{}, err
		}
	}
	descending := false
	for i, s := range q.Sort {
		if s.Property != "created" {
			return found{}, fail("unsupportedSort", "Notifications are sorted by created.")
		}
		if err := sortDone(s); err != nil {
			return found{}, err
		}
		if i == 0 {
			descending = s.Descending
		}
	}
	st, err := c.states(v)
	if err != nil {
		return found{}, err
	}
	all, seq, err := c.srv.o.Shares.Of(c.ctx, v.Person)
	all = slices.DeleteFunc(all, func(n sharenotification.Notification) bool { return !match(n) })
	slices.SortStableFunc(all, func(a, b sharenotification.Notification) int {
		if descending {
			a, b = b, a
		}
		return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.Seq, b.Seq))
	})
	return found{State: shareState(seq, st), IDs: names(idsOf(all, shareIDOf)), Calculate: true}, err
}

// shareFilter reads a filter of RFC 9670 §3.6.1.
func shareFilter(f *filter) (func(sharenotification.Notification) bool, error) {
	if f.Condition == nil {
		return combine(f, shareFilter)
	}
	o := f.Condition
	var tests []func(sharenotification.Notification) bool
	if after := o.UTCDate("after"); !after.IsZero() {
		tests = append(tests, func(n sharenotification.Notification) bool { return !n.Made.Before(after) })
	}
	if before := o.UTCDate("before"); !before.IsZero() {
		tests = append(tests, func(n sharenotification.Notification) bool { return n.Made.Before(before) })
	}
	if typ, ok := o.OptString("objectType"); ok {
		tests = append(tests, func(sharenotification.Notification) bool { return typ == shareType })
	}
	if id, ok := o.OptString("objectAccountId"); ok {
		tests = append(tests, func(n sharenotification.Notification) bool { return accountID(n.Mailbox) == id })
	}
	return every(tests), conditionDone(o)
}

func (t shares) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	f, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: f, Touched: ch.all(), Immutable: true}, err
}

// Set is ShareNotification/set (RFC 9670 §3.5): notifications are dismissed, and neither made nor changed.
func (shares) Set(c *call, v mailbox.Viewer, s *setting) error {
	refuseEdits(s, refuse("forbidden", "A notification is made by the service. It can be dismissed, not made or changed."))
	for _, id := range s.Destroy {
		if err := c.srv.o.Shares.Dismiss(c.ctx, v.Person, shareSeq(id)); err != nil {
			s.NotDestroyed(id, err)
			continue
		}
		s.Destroyed(id)
	}
	return nil
}
