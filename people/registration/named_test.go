package registration_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/platform/db"
)

func countRows(t *testing.T, h *house, table string) (n int) {
	t.Helper()
	err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM `+table, nil, func(r db.Row) error { n = int(r.Int64(0)); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// named is a person's open questions, in a line.
func (h *house) named(who account.Account) string {
	h.t.Helper()
	all, err := h.s.NamedFor(h.t.Context(), who.No)
	if err != nil {
		h.t.Fatal(err)
	}
	var b strings.Builder
	for _, n := range all {
		fmt.Fprintf(&b, "%s %d %s by %q;", n.Ref, n.Place, n.Premises.Code, n.By)
	}
	return b.String()
}

func (h *house) tasks() string {
	h.t.Helper()
	all, err := h.s.Tasks(h.t.Context(), 10)
	if err != nil {
		h.t.Fatal(err)
	}
	var b strings.Builder
	for _, task := range all {
		fmt.Fprintf(&b, "%d %d;", task.Kind, task.Place)
	}
	return b.String()
}

// TestAMemberWhoIsKnown is not made twice, is asked in the own account, and counts toward nothing.
func TestAMemberWhoIsKnown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		bob := person("Bob", "Sample", 2)
		known := h.known(bob)
		bob.Email, bob.First = "another@home.example", "BOB"
		ref, all := h.sent(person("Ann", "Example", 1), bob, person("Cy", "Other", 3))
		if got := h.members(); got != "ann.example invited owner, cy.other invited member" {
			t.Errorf("members %s", got)
		}
		l := all[2]
		if l.Account.No != known.No || l.New || l.Email+l.Mobile+l.Password != "" || l.By != "Ann Example" {
			t.Errorf("Bob is told %+v", l)
		}
		if got, want := h.named(known), fmt.Sprintf("%s 1 FX002 by \"Ann Example\";", ref); got != want {
			t.Errorf("Bob is asked %s, want %s", got, want)
		}
		if left, err := h.s.Left(ctx, h.org); err != nil || left != 1 || h.count("registration.twin") != 1 {
			t.Errorf("%d left, %d twins, %v", left, h.count("registration.twin"), err)
		}
		eve := h.Person("Eve", "Outside")
		for name, err := range map[string]error{
			"somebody else's question": h.s.Confirm(ctx, peopletest.As(eve), ref, 1),
			"a question to nobody":     h.s.Confirm(ctx, peopletest.As(known), ref, 0),
			"no such place":            h.s.Confirm(ctx, peopletest.As(known), ref, 7),
			"nobody":                   h.s.Confirm(ctx, visitor, ref, 1),
			"no such application":      h.s.Decline(ctx, peopletest.As(known), "HV-2222-2222", 1),
		} {
			want(t, name, err, "registration.not-named")
		}
		h.Announced.Take()
		want(t, "Bob says yes", h.s.Confirm(ctx, peopletest.As(known), ref, 1), "")
		if got := h.Announced.Take(); len(got) != 2 || h.rights(known) != haven.Member || h.named(known) != "" {
			t.Errorf("announced %v; Bob may %s, is asked %s", got, h.rights(known), h.named(known))
		}
		want(t, "Bob says yes again", h.s.Confirm(ctx, peopletest.As(known), ref, 1), "registration.not-named")
		want(t, "by the link in the letter, too late", h.s.NotMe(ctx, visitor, l.NotMe), "")
		if h.rights(known) != haven.Member || h.tasks() != "" {
			t.Errorf("after an answer the link did something: %s, tasks %s", h.rights(known), h.tasks())
		}
		if left, err := h.s.Left(ctx, h.org); err != nil || left != 1 {
			t.Errorf("%d left, %v", left, err)
		}
	})
}

// TestAnOwnerWhoIsKnown: the applicant can't tell; the mailbox is there, receives, and opens with the owner's yes.
func TestAnOwnerWhoIsKnown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann := person("Ann", "Example", 1)
		known := h.known(ann)
		want(t, "Ann leaves", h.Accounts.SetState(ctx, desk, known.No, account.Leaver, "test"), "")
		ref, all := h.sent(ann, person("Bob", "Sample", 2))
		if got := h.members(); got != "bob.sample invited member" || h.box().State != account.Blocked {
			t.Errorf("members %s, mailbox %s", got, h.box().State)
		}
		if v := account.MayReceive(haven.Shared, h.box().State); !v.Allowed {
			t.Errorf("it does not receive: %+v", v)
		}
		if f, err := h.Places.Find(ctx, "FX002", 1); err != nil || !f.Hits[0].Mailbox {
			t.Errorf("a search tells that the owner is known: %+v, %v", f, err)
		}
		if e, err := h.s.Begin(ctx, "FX002"); err != nil || e.Verdict.Rule != "registration.already" {
			t.Errorf("%+v, %v", e, err)
		}
		if all[2].By != "Ann Example" || h.tasks() != "3 0;" {
			t.Errorf("Bob is told %+v; tasks %s", all[2], h.tasks())
		}
		want(t, "Ann says yes, and has no proven mobile", h.s.Confirm(ctx, peopletest.As(known), ref, 0), "sharedmailbox.owner-mobile")
		h.Mobile(known)
		want(t, "Ann says yes", h.s.Confirm(ctx, peopletest.As(known), ref, 0), "")
		if h.members() != "ann.example active owner, bob.sample invited member" || h.box().State != account.Active || h.rights(known) != haven.Owner || h.tasks() != "" {
			t.Errorf("members %s, mailbox %s, Ann may %s, tasks %s", h.members(), h.box().State, h.rights(known), h.tasks())
		}
		if posts, err := h.Places.Posts(ctx, known.No); err != nil || len(posts) != 1 || posts[0].Role != "Shared mailbox owner" {
			t.Errorf("posts %+v, %v", posts, err)
		}
	})
}

// TestTwoWhoAreKnown: each is asked, and told who else was named as the owner though that one has not answered.
func TestTwoWhoAreKnown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		owner, member := h.known(person("Ann", "Example", 1)), h.known(person("Bob", "Sample", 2))
		asOwner := person("ann", "EXAMPLE", 1)
		ref, _ := h.sent(asOwner, person("Bob", "Sample", 2))
		if got, want := h.named(member), fmt.Sprintf("%s 1 FX002 by \"ann EXAMPLE\";", ref); got != want {
			t.Errorf("Bob is asked %s, want %s", got, want)
		}
		want(t, "Bob says yes", h.s.Confirm(ctx, peopletest.As(member), ref, 1), "")
		if h.box().State != account.Blocked || h.rights(member) != 0 {
			t.Errorf("without an owner: mailbox %s, Bob may %s", h.box().State, h.rights(member))
		}
		h.Mobile(owner)
		want(t, "Ann says yes", h.s.Confirm(ctx, peopletest.As(owner), ref, 0), "")
		if h.box().State != account.Active || h.rights(member) != haven.Member || h.rights(owner) != haven.Owner {
			t.Errorf("mailbox %s, Bob may %s, Ann %s", h.box().State, h.rights(member), h.rights(owner))
		}
		if left, err := h.s.Left(ctx, h.org); err != nil || left != 3 {
			t.Errorf("%d left, %v", left, err)
		}
	})
}

// TestBlockedForAnotherReason: what a desk blocked for safety is opened by no answer and no thaw.
func TestBlockedForAnotherReason(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		bob := h.known(person("Bob", "Sample", 2))
		ref, all := h.sent(person("Ann", "Example", 1), person("Bob", "Sample", 2))
		want(t, "blocked", h.Accounts.SetState(ctx, desk, h.box().No, account.Blocked, "test"), "")
		want(t, "Bob says yes", h.s.Confirm(ctx, peopletest.As(bob), ref, 1), "")
		want(t, "this wasn't us", h.s.NotUs(ctx, visitor, all[0].Completion.NotUs), "")
		want(t, "thawed", h.s.Thaw(ctx, desk, h.org), "")
		if h.box().State != account.Blocked || h.rights(bob) != 0 {
			t.Errorf("mailbox %s, Bob may %s", h.box().State, h.rights(bob))
		}
	})
}

// TestTwinsByOrganisationAndAddress: a post at the premises, or the account's own address, tell who is known as well.
func TestTwinsByOrganisationAndAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		staff, gone, own := h.Person("Bob", "Sample"), h.Person("Cy", "Other"), h.Person("Dee", "Third")
		for _, p := range []organisation.Post{{Person: staff.No, Organisation: h.org, Role: "Dispenser"},
			{Person: gone.No, Organisation: h.org, Role: "Dispenser", Until: peopletest.Start.Add(time.Minute)}} {
			want(t, "a post", h.Places.AddPost(ctx, desk, p), "")
		}
		h.Clock.Advance(time.Hour)
		dee := person("Deirdre", "Married", 4)
		dee.Email = own.Address.String()
		h.sent(person("Bob", "Sample", 1), person("Cy", "Other", 2), dee)
		if h.members() != "cy.other2 invited member" || h.count("registration.twin") != 2 || h.named(staff) == "" || h.named(own) == "" || h.named(gone) != "" {
			t.Errorf("members %s, %d twins", h.members(), h.count("registration.twin"))
		}
	})
}

// TestNoTwins: the dead, the deleted and namesakes elsewhere are no obstacle; two people of an application are not one.
func TestNoTwins(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann, bob := person("Ann", "Example", 1), person("Bob", "Sample", 2)
		for p, state := range map[*registration.Person]account.State{&ann: account.Died, &bob: account.Deleted} {
			a := h.known(*p)
			want(t, "a state", h.Accounts.SetState(ctx, desk, a.No, state, "test"), "")
		}
		h.Person("Ann", "Example")
		same := person("Bob", "Sample", 3)
		h.sent(ann, bob, same)
		if got := h.members(); got != "ann.example3 invited owner, bob.sample2 invited member, bob.sample3 invited member" {
			t.Errorf("members %s", got)
		}
	})
}

// TestNotMe: who says so has nothing made; the desk decides whether a namesake was meant.
func TestNotMe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ann := person("Ann", "Example", 1)
		known := h.Person("Ann", "Example")
		want(t, "a post", h.Places.AddPost(ctx, desk, organisation.Post{Person: known.No, Organisation: h.org, Role: "Dispenser"}), "")
		ref, all := h.sent(ann, person("Bob", "Sample", 2))
		_, err := h.s.Another(ctx, desk, ref, 1)
		want(t, "another in place of one who was made", err, "registration.not-named")
		want(t, "Ann says that it is not her", h.s.Decline(ctx, peopletest.As(known), ref, 0), "")
		want(t, "and once more", h.s.Decline(ctx, peopletest.As(known), ref, 0), "registration.not-named")
		if h.tasks() != "2 0;3 0;" || h.rights(known) != 0 || h.box().State != account.Blocked || h.named(known) != "" {
			t.Errorf("tasks %s, Ann may %s", h.tasks(), h.rights(known))
		}
		made, err := h.s.Another(ctx, desk, ref, 0)
		if err != nil || made.Address.Local != "ann.example2" {
			t.Fatalf("%+v, %v", made, err)
		}
		l := h.one("named")
		if !l.New || l.Email != "ann1@home.example" || !l.Owner || l.Password == "" {
			t.Errorf("she is told %+v", l)
		}
		if h.members() != "bob.sample invited member, ann.example2 invited owner" || h.box().State != account.Active || h.tasks() != "" {
			t.Errorf("members %s, mailbox %s, tasks %s", h.members(), h.box().State, h.tasks())
		}
		_, err = h.s.Another(ctx, desk, ref, 0)
		want(t, "and another", err, "registration.not-named")
		// Bob is new, and the letter went to somebody else.
		for range 2 {
			rule := ""
			if h.count("registration.not-me") == 2 {
				rule = "registration.link"
			}
			want(t, "the link in Bob's letter", h.s.NotMe(ctx, visitor, all[2].NotMe), rule)
		}
		if h.members() != "bob.sample blocked member, ann.example2 invited owner" || h.tasks() != "2 1;" {
			t.Errorf("members %s, tasks %s", h.members(), h.tasks())
		}
		want(t, "the desk has spoken to Bob", h.s.Settle(ctx, desk, registration.TaskNotMe, ref, 1), "")
		if h.tasks() != "" {
			t.Errorf("tasks %s", h.tasks())
		}
		for name, err := range map[string]error{"a task that is done": h.s.Settle(ctx, desk, registration.TaskNotMe, ref, 1), "a link that is none": h.s.NotMe(ctx, visitor, "nonsense")} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
}

// TestNotMeWhenInUse: a link in an old letter does nothing to an account that its owner uses; the desk is told.
func TestNotMeWhenInUse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		_, all := h.sent(person("Ann", "Example", 1))
		ann := all[1].Account
		want(t, "activated", h.Accounts.SetState(t.Context(), desk, ann.No, account.Active, "test"), "")
		want(t, "the link", h.s.NotMe(t.Context(), visitor, all[1].NotMe), "")
		if h.members() != "ann.example active owner" || h.tasks() != "2 0;" {
			t.Errorf("members %s, tasks %s", h.members(), h.tasks())
		}
	})
}

// TestNotUs: the premises freezes what was not theirs; nobody opens the mailbox until the desk has looked.
func TestNotUs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		known := h.known(person("Bob", "Sample", 2))
		ref, all := h.sent(person("Ann", "Example", 1), person("Bob", "Sample", 2))
		ann := all[1].Account
		want(t, "activated", h.Accounts.SetState(ctx, desk, ann.No, account.Active, "test"), "")
		if h.rights(ann) != haven.Owner {
			t.Errorf("before: Ann may %s", h.rights(ann))
		}
		h.Announced.Take()
		h.Clock.Advance(6 * 24 * time.Hour)
		for range 2 {
			want(t, "this wasn't us", h.s.NotUs(ctx, visitor, all[0].Completion.NotUs), "")
		}
		if h.rights(ann) != 0 || h.box().State != account.Blocked || h.tasks() != "1 0;" || h.count("registration.frozen") != 1 || len(h.Announced.Take()) == 0 {
			t.Errorf("Ann may %s, mailbox %s, tasks %s", h.rights(ann), h.box().State, h.tasks())
		}
		want(t, "Bob says yes", h.s.Confirm(ctx, peopletest.As(known), ref, 1), "registration.frozen")
		want(t, "the desk closes it without speaking to anybody", h.s.Settle(ctx, desk, registration.TaskNotUs, ref, 0), "registration.thaw")
		if w, err := h.s.Where(ctx, visitor, string(ref)); err != nil || w.State != registration.Ended {
			t.Errorf("%+v, %v", w, err)
		}
		want(t, "the desk has spoken to them", h.s.Thaw(ctx, desk, h.org), "")
		if h.rights(ann) != haven.Owner || h.tasks() != "" {
			t.Errorf("thawed: Ann may %s, tasks %s", h.rights(ann), h.tasks())
		}
		want(t, "Bob says yes", h.s.Confirm(ctx, peopletest.As(known), ref, 1), "")
		if err := h.s.Thaw(ctx, desk, h.org); err == nil {
			t.Error("thawed twice")
		}
		h.Clock.Advance(24 * time.Hour)
		want(t, "after 7 days", h.s.NotUs(ctx, visitor, all[0].Completion.NotUs), "registration.link")
	})
}

// TestNotUsBeforeItIsSent: the link in the letter with the passcode ends the application, and no other begins.
func TestNotUsBeforeItIsSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		pass, err := h.s.Ask(ctx, visitor, "FX002", number)
		want(t, "a passcode", err, "")
		l := h.one("passcode")
		token, err := h.s.Prove(ctx, visitor, string(pass.Ref), l.Passcode)
		want(t, "proven", err, "")
		want(t, "people", h.s.SetPeople(ctx, visitor, pass.Ref, token, []registration.Person{person("Ann", "Example", 1)}), "")
		want(t, "this wasn't us", h.s.NotUs(ctx, visitor, l.Attempt.NotUs), "")
		_, err = h.s.Submit(ctx, visitor, pass.Ref, token)
		want(t, "sent", err, "registration.frozen")
		_, err = h.s.Ask(ctx, visitor, "FX002", number)
		want(t, "another", err, "registration.frozen")
		if n := countRows(t, h, "registration_person"); n != 0 {
			t.Errorf("%d people are kept", n)
		}
		want(t, "thawed", h.s.Thaw(ctx, desk, h.org), "")
		_, err = h.s.Submit(ctx, visitor, pass.Ref, token)
		want(t, "sent after all", err, "registration.frozen")
		_, err = h.s.Ask(ctx, visitor, "FX002", number)
		want(t, "another", err, "")
	})
}
