package vouch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/peopletest"
	"haven/people/profile"
	"haven/people/sharedmailbox"
	"haven/people/vouch"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// told remembers who was told what.
type told struct {
	password, mobile, email string
	link                    vouch.Link
	owners, denied          []string
}

func (n *told) VouchedPassword(_ *db.Tx, _ account.Account, mobile, password string, _ time.Duration) error {
	n.password, n.mobile = password, mobile
	return nil
}

func (n *told) VouchedFor(_ *db.Tx, _ vouch.Standing, email string, link vouch.Link, _ time.Duration) error {
	n.email, n.link = email, link
	return nil
}

func (n *told) Vouched(_ *db.Tx, owner account.Account, _ vouch.Standing) error {
	n.owners = append(n.owners, owner.Display)
	return nil
}

func (n *told) VouchDenied(_ *db.Tx, owner account.Account, _ vouch.Standing) error {
	n.denied = append(n.denied, owner.Display)
	return nil
}

// house has a pharmacy of Ann and Abe, where Ben reads, and another of Cat, where he reads too. Ann has a second factor.
type house struct {
	*peopletest.House
	vouch              *vouch.Service
	contacts           *account.Contacts
	told               *told
	ann, abe, ben, cat account.Account
	shop, other        account.Account
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := &house{House: peopletest.New(t, d), told: &told{}}
		keys := h.Keyed()
		var err error
		if h.contacts, err = account.OpenContacts(t.Context(), d, keys, h.Clock); err != nil {
			t.Fatal(err)
		}
		h.ann, h.abe, h.ben, h.cat = h.Person("Ann", "Example"), h.Person("Abe", "Example"), h.Person("Ben", "Example"), h.Person("Cat", "Example")
		h.shop, h.other = h.Pharmacy("FX002", h.ann, h.abe), h.Pharmacy("FX003", h.cat)
		h.Member(h.shop, h.ben)
		h.Member(h.other, h.ben)
		h.SecondStep(h.ann)
		h.contact(h.ben, account.PersonalEmail, "ben@home.example")
		h.contact(h.ann, account.Mobile, "+447700900001")
		h.vouch = vouch.New(vouch.Options{DB: d, Accounts: h.Accounts, Access: h.Access, Contacts: h.contacts, Shared: h.Shared, Factors: h.SecondFactor,
			Questions: h.Activation.Asked, Operator: h.Operators.Has, Temporary: func() (string, error) { return activation.TemporaryPassword(h.Policy.Password) },
			Notices: h.told, Policy: h.Policy, Clock: h.Clock})
		fn(t, h)
	}, append(peopletest.Schemas(), vouch.Schema)...)
}

func (h *house) must(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

func (h *house) contact(who account.Account, kind account.ContactKind, value string) {
	h.T.Helper()
	c, err := h.contacts.Seal(context.Background(), who.No, kind, value)
	h.must(err)
	h.must(h.DB.Write(context.Background(), func(tx *db.Tx) error {
		if err := account.Lock(tx, who.No); err != nil {
			return err
		}
		return h.contacts.PutIn(tx, peopletest.Operator, c)
	}))
}

// says is what Ann says of Ben, which change makes a case of.
func (h *house) says(change ...func(*vouch.Vouching)) vouch.Vouching {
	in := vouch.Vouching{Mailbox: h.shop.No, Person: h.ben.No, How: vouch.Met, Mobile: "07700 900123", Asked: h.Clock.Now()}
	for _, c := range change {
		c(&in)
	}
	return in
}

func (h *house) give() {
	h.T.Helper()
	h.must(h.vouch.Vouch(h.T.Context(), peopletest.As(h.ann), h.says()))
}

// opens expects what Ben opens: the own mailbox, Ann's and Cat's, with what rule where he does not open the own one.
func (h *house) opens(when string, own, shop, other bool) {
	h.T.Helper()
	for _, c := range []struct {
		at    account.Account
		opens bool
	}{{h.ben, own}, {h.shop, shop}, {h.other, other}} {
		r, v, err := h.Access.Rights(h.T.Context(), h.ben.No, c.at.No)
		if err != nil || (r != 0) != c.opens {
			h.T.Errorf("%s: %s: %s by %s, %v", when, c.at.Display, r, v.Rule, err)
		}
	}
	all, err := h.Shared.For(h.T.Context(), h.ben.No)
	var names []string
	for _, o := range all {
		names = append(names, string(o.Account.Display))
	}
	if listed := strings.Join(names, ", "); err != nil || strings.Contains(listed, "FX002") != shop || strings.Contains(listed, "FX003") != other {
		h.T.Errorf("%s: the list says %s, %v", when, listed, err)
	}
}

func (h *house) recorded(what string) (n int) {
	h.T.Helper()
	all, err := audit.Newest(h.T.Context(), h.DB, audit.Filter{Concerns: h.ben.ID}, audit.Place{}, 200)
	h.must(err)
	for _, e := range all {
		if e.Sealed.What == what {
			n++
		}
	}
	return n
}

func TestVouch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.opens("before", true, true, true)
		n, err := h.vouch.Begin(ctx, peopletest.As(h.ann), h.shop.No, h.ben.No)
		if err != nil || n.Forgot || !n.Reach {
			t.Fatalf("%+v, %v", n, err)
		}
		h.give()
		if h.told.mobile != "+447700900123" || h.told.email != "ben@home.example" || strings.Join(h.told.owners, ", ") != "Ann Example, Abe Example, Cat Example" {
			t.Errorf("%+v", h.told)
		}
		h.opens("after", false, true, false)

		// The old password is gone, the new one serves on the pages, and mail programs are turned away from the own mailbox.
		login := func(user, password string, face account.Face) error {
			_, err := h.Accounts.Authenticate(ctx, account.Login{User: user, Password: password, Face: face, Place: "192.0.2.7", Program: "x"})
			return err
		}
		if err := login(h.ben.Address.String(), peopletest.Password, account.Web); !errs.Is(err, errs.Private) {
			t.Errorf("the old password: %v", err)
		}
		h.must(login(h.ben.Address.String(), h.told.password, account.Web))
		const fresh = "quiet amber lantern"
		h.must(h.Accounts.SetPassword(ctx, peopletest.As(h.ben), h.ben.No, fresh, false))
		if err := login(h.ben.Address.String(), fresh, account.Program); !errs.Is(err, errs.Denied) {
			t.Errorf("a mail program in the own mailbox: %v", err)
		}
		h.must(login(h.ben.Address.String()+"/"+h.shop.Address.String(), fresh, account.Program))
		if err := login(h.ben.Address.String()+"/"+h.other.Address.String(), fresh, account.Program); !errs.Is(err, errs.NotFound) {
			t.Errorf("a mail program at another premises: %v", err)
		}
		if _, err := h.Accounts.MayUse(ctx, h.ben.No, h.shop.Address, account.Program); err != nil {
			t.Errorf("sending as the owner's mailbox: %v", err)
		}
		for _, a := range []account.Account{h.ben, h.other} {
			if _, err := h.Accounts.MayUse(ctx, h.ben.No, a.Address, account.Program); !errs.Is(err, errs.Denied) {
				t.Errorf("sending as %s: %v", a.Address, err)
			}
		}

		h.Clock.Advance(h.Policy.Reset.VouchLimits + time.Hour)
		h.opens("a day later, without a word of Ben's", false, true, false)
		st, err := h.vouch.Look(ctx, h.told.link)
		if err != nil || st.Owner.No != h.ann.No || st.How != vouch.Met {
			t.Fatalf("%+v, %v", st, err)
		}
		_, err = h.vouch.Confirm(ctx, peopletest.As(h.ben), h.told.link)
		h.must(err)
		h.opens("confirmed", true, true, true)
		if _, err := h.vouch.Confirm(ctx, peopletest.As(h.ben), h.told.link); !errs.Is(err, errs.NotFound) {
			t.Errorf("a second time: %v", err)
		}
		if _, err := h.vouch.Deny(ctx, peopletest.As(h.ben), h.told.link); !errs.Is(err, errs.NotFound) {
			t.Errorf("denied after it was confirmed: %v", err)
		}
		if h.recorded("vouch.given") != 1 || h.recorded("vouch.confirmed") != 1 {
			t.Error("not recorded")
		}
	})
}

func TestConfirmedWithinTheDay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.give()
		st, err := h.vouch.Confirm(t.Context(), peopletest.As(h.ben), h.told.link)
		h.must(err)
		h.opens("confirmed at once", false, true, false)
		h.Clock.Set(st.Ends.Add(-1))
		h.opens("just before the day is over", false, true, false)
		h.Clock.Set(st.Ends)
		h.opens("a day later", true, true, true)
	})
}

func TestWhoMayNotVouch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.Member(h.shop, h.cat)
		h.contact(h.cat, account.Mobile, "+447700900002")
		say := func(change func(*vouch.Vouching)) vouch.Vouching { return h.says(change) }
		for _, c := range []struct {
			name string
			by   account.Account
			in   vouch.Vouching
			kind errs.Kind
			rule string
		}{
			{"an owner without a second factor", h.abe, h.says(), errs.Denied, "vouch.second-factor"},
			{"a member", h.cat, h.says(), errs.Denied, "vouch.owner"},
			{"a stranger", h.Person("Dan", "Example"), h.says(), errs.NotFound, "account.unknown"},
			{"of somebody who has a mobile", h.ann, say(func(v *vouch.Vouching) { v.Person = h.cat.No }), errs.Denied, "vouch.mobile"},
			{"of oneself", h.ann, say(func(v *vouch.Vouching) { v.Person = h.ann.No }), errs.Denied, "vouch.self"},
			{"at a mailbox that the owner does not own", h.ann, say(func(v *vouch.Vouching) { v.Mailbox = h.other.No }), errs.NotFound, "account.unknown"},
			{"not asked again", h.ann, say(func(v *vouch.Vouching) { v.Asked = h.Clock.Now().Add(-time.Hour) }), errs.Denied, "vouch.asked"},
			{"no number", h.ann, say(func(v *vouch.Vouching) { v.Mobile = "0113 496 0000" }), errs.Invalid, "contact.mobile"},
			{"the owner's number", h.ann, say(func(v *vouch.Vouching) { v.Mobile = "+44 7700 900001" }), errs.Invalid, "vouch.mobile-taken"},
			{"another's number", h.ann, say(func(v *vouch.Vouching) { v.Mobile = "07700 900002" }), errs.Invalid, "vouch.mobile-taken"},
			{"nobody said how", h.ann, say(func(v *vouch.Vouching) { v.How = "" }), errs.Invalid, "vouch.how"},
		} {
			err := h.vouch.Vouch(ctx, peopletest.As(c.by), c.in)
			if e, ok := err.(*errs.Error); !ok || e.Kind != c.kind || e.Rule != c.rule {
				t.Errorf("%s: %v, want %s", c.name, err, c.rule)
			}
		}
		if h.told.password != "" || h.recorded("vouch.given") > 0 || h.recorded("vouch.refused") == 0 {
			t.Errorf("%+v", h.told)
		}
		h.opens("refused", true, true, true)
		if _, err := h.Accounts.Authenticate(ctx, account.Login{User: h.ben.Address.String(), Password: peopletest.Password, Face: account.Web}); err != nil {
			t.Errorf("the password after refusals: %v", err)
		}
	})
}

// The answers to the security questions and the personal e-mail would let the person in: the owner says that they are forgotten.
func TestAnswersServe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		var answers []activation.Answer
		for i := range h.Policy.Reset.Questions {
			answers = append(answers, activation.Answer{Question: i + 1, Text: strings.Repeat("word ", i+2)})
		}
		h.must(h.Activation.SetAnswers(ctx, peopletest.As(h.ben), h.ben.No, answers))
		n, err := h.vouch.Begin(ctx, peopletest.As(h.ann), h.shop.No, h.ben.No)
		if err != nil || !n.Forgot {
			t.Errorf("%+v, %v", n, err)
		}
		if err := h.vouch.Vouch(ctx, peopletest.As(h.ann), h.says()); !errs.Is(err, errs.Invalid) {
			t.Errorf("the answers serve: %v", err)
		}
		h.must(h.vouch.Vouch(ctx, peopletest.As(h.ann), h.says(func(v *vouch.Vouching) { v.Forgot = true })))
		if err := h.Activation.SetAnswers(ctx, peopletest.As(h.ben), h.ben.No, answers); !errs.Is(err, errs.Denied) {
			t.Errorf("other answers while it is not confirmed: %v", err)
		}
	})
}

// Nothing by which a vouching is confirmed, or an account is opened, can be changed under it.
func TestNothingIsChangedUnderIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, as := t.Context(), peopletest.As(h.ben)
		profiles := profile.New(profile.Options{DB: h.DB, Accounts: h.Accounts, Contacts: h.contacts, Places: h.Places, Owns: sharedmailbox.OwnsIn, Keys: h.Seals, Policy: h.Policy, Clock: h.Clock})
		h.give()
		for name, do := range map[string]func() error{
			"the personal e-mail": func() error { return profiles.Ask(ctx, as, h.ben.No, account.PersonalEmail, "evil@home.example") },
			"the mobile":          func() error { return profiles.RemoveMobile(ctx, as, h.ben.No) },
			"a second factor":     func() error { _, err := h.SecondFactor.Begin(ctx, h.ben); return err },
			"recovery codes":      func() error { _, err := h.SecondFactor.Renew(ctx, as, h.ben); return err },
			"access for others": func() error {
				return h.Shared.AddMember(ctx, as, h.shop.No, sharedmailbox.Grant{Person: h.cat.No, Rights: haven.Read})
			},
		} {
			if err := do(); err == nil {
				t.Errorf("%s: changed", name)
			}
		}
		if _, err := h.Accounts.NewAppPassword(ctx, as, h.ben.No, h.ben.No, "Phone"); !errs.Is(err, errs.NotFound) {
			t.Errorf("an app password for the own mailbox: %v", err)
		}
		if _, err := h.Accounts.NewAppPassword(ctx, as, h.ben.No, h.shop.No, "Phone"); err != nil {
			t.Errorf("one for the owner's mailbox: %v", err)
		}
	})
}

func TestNotMe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		old, err := h.Accounts.NewAppPassword(ctx, peopletest.As(h.ben), h.ben.No, h.ben.No, "Phone")
		h.must(err)
		h.Clock.Advance(time.Hour)
		h.give()
		fresh, err := h.Accounts.NewAppPassword(ctx, peopletest.As(h.ben), h.ben.No, h.shop.No, "Other")
		h.must(err)
		_, err = h.vouch.Deny(ctx, haven.Actor{Program: "portal"}, h.told.link)
		h.must(err)
		h.opens("denied", true, true, true)
		for name, c := range map[string]struct {
			password string
			face     account.Face
			ok       bool
		}{
			"the password by text":      {h.told.password, account.Web, false},
			"the password before":       {peopletest.Password, account.Web, false},
			"an app password made then": {fresh, account.Program, false},
			"an older app password":     {old, account.Program, false}, // while the password is a temporary one
		} {
			if _, err := h.Accounts.Authenticate(ctx, account.Login{User: h.ben.Address.String(), Password: c.password, Face: c.face, Place: "192.0.2.8"}); (err == nil) != c.ok {
				t.Errorf("%s: %v", name, err)
			}
		}
		contacts, err := h.contacts.Of(ctx, h.ben.No)
		if err != nil || len(contacts) != 1 || strings.Join(h.told.denied, ", ") != "Ann Example, Abe Example, Cat Example" {
			t.Errorf("%+v, %v, %v", contacts, err, h.told.denied)
		}
		if _, err := h.vouch.Confirm(ctx, peopletest.As(h.ben), h.told.link); !errs.Is(err, errs.NotFound) {
			t.Errorf("confirmed after that: %v", err)
		}
	})
}

// A second factor that the person had before confirms it as well.
func TestOwnSecondFactor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		key := h.SecondStep(h.ben)
		h.must(h.vouch.Passed(ctx, peopletest.As(h.ben), h.ben.No)) // of whom nobody vouched for
		h.give()
		h.Clock.Advance(time.Minute)
		code, err := totp.GenerateCode(key, h.Clock.Now())
		h.must(err)
		_, err = h.SecondFactor.Check(ctx, peopletest.As(h.ben), h.ben, code)
		h.must(err)
		h.must(h.vouch.Passed(ctx, peopletest.As(h.ben), h.ben.No))
		h.must(h.vouch.Passed(ctx, peopletest.As(h.ben), h.ben.No)) // each log in
		if h.recorded("vouch.confirmed") != 1 {
			t.Error("not confirmed once")
		}
		h.opens("confirmed", false, true, false)
		h.Clock.Advance(h.Policy.Reset.VouchLimits)
		h.opens("a day later", true, true, true)
	})
}

func TestOwnersRightsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.give()
		h.opens("vouched for", false, true, false)
		h.must(h.Shared.ChangeMember(ctx, peopletest.Operator, h.shop.No, sharedmailbox.Change{Person: h.ann.No, Rights: haven.Member}))
		h.opens("the owner is none any more", false, false, false)
		h.must(h.Shared.ChangeMember(ctx, peopletest.Operator, h.shop.No, sharedmailbox.Change{Person: h.ann.No, Rights: haven.Owner}))
		h.opens("and is one again", false, true, false)
		h.must(h.Accounts.SetState(ctx, peopletest.Operator, h.ann.No, account.Blocked, "test"))
		h.opens("the owner is blocked", false, false, false)

		// Another owner vouches, though the number of the first vouching is on file: it was never confirmed.
		h.SecondStep(h.abe)
		h.Clock.Advance(time.Minute)
		first := h.told.link
		h.must(h.vouch.Vouch(ctx, peopletest.As(h.abe), h.says()))
		h.opens("another owner vouches", false, true, false)
		if _, err := h.vouch.Look(ctx, first); !errs.Is(err, errs.NotFound) {
			t.Errorf("the link of the first: %v", err)
		}
	})
}

// A premises is sold: what was vouched for through its mailbox ends.
func TestEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.give()
		var ended []haven.AccountNo
		h.must(h.DB.Write(ctx, func(tx *db.Tx) (err error) {
			if err := account.Lock(tx, h.shop.No); err != nil {
				return err
			}
			ended, err = h.vouch.EndIn(tx, peopletest.Operator, h.shop.No, "organisation.sold")
			return err
		}))
		if len(ended) != 1 || ended[0] != h.ben.No || h.recorded("vouch.ended") != 1 {
			t.Errorf("%v", ended)
		}
		h.opens("sold", false, false, false)
		if _, err := h.vouch.Confirm(ctx, peopletest.As(h.ben), h.told.link); !errs.Is(err, errs.NotFound) {
			t.Errorf("confirmed after that: %v", err)
		}
		st, err := h.vouch.Of(ctx, h.ben.No)
		if err != nil || !st.Ended {
			t.Errorf("%+v, %v", st, err)
		}
	})
}

// Whoever runs the service ends a limit that the person can't end.
func TestLift(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		if err := h.vouch.Lift(ctx, peopletest.Operator, h.ben.No); !errs.Is(err, errs.Conflict) {
			t.Errorf("not limited: %v", err)
		}
		h.give()
		h.must(h.vouch.Lift(ctx, peopletest.Operator, h.ben.No))
		h.opens("lifted", true, true, true)
		if _, err := h.vouch.Look(ctx, h.told.link); !errs.Is(err, errs.NotFound) || h.recorded("vouch.lifted") != 1 {
			t.Errorf("after that: %v", err)
		}
	})
}

func TestAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		if err := h.vouch.Again(ctx, peopletest.As(h.ben)); !errs.Is(err, errs.Conflict) {
			t.Errorf("nothing to confirm: %v", err)
		}
		h.give()
		first := h.told.link
		h.must(h.vouch.Again(ctx, peopletest.As(h.ben)))
		if _, err := h.vouch.Look(ctx, first); !errs.Is(err, errs.NotFound) || h.told.link == first {
			t.Errorf("the first link is good still: %v", err)
		}
		var err error
		for range h.Policy.Reset.VouchLinks {
			err = h.vouch.Again(ctx, peopletest.As(h.ben))
		}
		if !errs.Is(err, errs.TooMany) {
			t.Errorf("too often: %v", err)
		}
		h.Clock.Advance(24 * time.Hour)
		h.must(h.vouch.Again(ctx, peopletest.As(h.ben)))
		st, err := h.vouch.Of(ctx, h.ben.No)
		if err != nil || !st.Email || st.Owner.No != h.ann.No {
			t.Errorf("%+v, %v", st, err)
		}
		if st, err := h.vouch.Of(ctx, h.ann.No); err != nil || !st.Made.IsZero() {
			t.Errorf("of somebody else: %+v, %v", st, err)
		}
	})
}
