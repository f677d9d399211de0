package portal

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/platform/db"
	"haven/platform/secret"
)

func (n told) Passcode(tx *db.Tx, a registration.Attempt) error {
	return n.send(tx, "registration.passcode", a.To.String(), map[string]string{"premises": a.Premises.Name, "code": a.Passcode, "minutes": "30", "reference": string(a.Ref), "link": "/not-us/" + string(a.NotUs)})
}

func (n told) Attempted(tx *db.Tx, a registration.Attempt) error {
	return n.send(tx, "registration.attempt", a.To.String(), map[string]string{"premises": a.Premises.Name, "reference": string(a.Ref), "link": "/not-us/" + string(a.NotUs)})
}

func (n told) GroupAttempted(*db.Tx, registration.Attempt) error { return nil }

func (n told) GroupCompleted(*db.Tx, registration.Completion) error { return nil }

func (n told) Corrected(tx *db.Tx, who account.Account, kind account.ContactKind, old string) error {
	if kind == account.Mobile {
		return n.send(tx, "activation.corrected-mobile", old, nil)
	}
	return n.send(tx, "activation.corrected-email", old, nil)
}

func (n told) ApprovalAsked(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.send(tx, "registration.approval-asked", a.To.String(), map[string]string{"premises": a.Premises.Name, "who": a.Name, "reference": string(a.Ref), "until": a.Until.String()})
}

func (n told) ApprovalAttempted(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.send(tx, "registration.approval-attempt", a.To.String(), map[string]string{"premises": a.Premises.Name, "who": a.Name, "reference": string(a.Ref), "link": "/not-us/" + string(a.NotUs)})
}

func (n told) Approved(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.send(tx, "registration.approved", a.To.String(), map[string]string{"premises": a.Premises.Name, "code": a.Passcode, "reference": string(a.Ref), "minutes": "30", "days": "7", "portal": "/register/passcode"})
}

func (n told) NotApproved(tx *db.Tx, a registration.ApprovalNotice) error {
	return n.send(tx, "registration.not-approved", a.To.String(), map[string]string{"premises": a.Premises.Name, "reference": string(a.Ref), "reason": a.Reason, "portal": "/help"})
}

func (n told) FurtherDecided(tx *db.Tx, owner account.Account, who string, mailbox account.Account, reason string) error {
	if reason == "" {
		return n.send(tx, "registration.further-granted", owner.Address.String(), map[string]string{"who": who, "mailbox": mailbox.Display})
	}
	return n.send(tx, "registration.further-refused", owner.Address.String(), map[string]string{"who": who, "mailbox": mailbox.Display, "reason": reason})
}

func (n told) Completed(tx *db.Tx, c registration.Completion) error {
	return n.send(tx, "registration.completed", c.To.String(), map[string]string{"premises": c.Premises.Name, "mailbox": c.Mailbox.Address.String(), "reference": string(c.Ref), "until": c.Until.String(), "link": "/not-us/" + string(c.NotUs)})
}

func (n told) Named(tx *db.Tx, i registration.Invitation) error {
	values := map[string]string{"premises": i.Premises.Name, "who": i.By, "as": "", "username": i.Account.Address.String(), "portal": "/", "link": "/not-me/" + string(i.NotMe)}
	if i.New {
		return n.send(tx, "registration.invited", i.Email, values)
	}
	return n.send(tx, "registration.named", i.Account.Address.String(), values)
}

func (s *stand) registrationOf(keys *secret.Keys) *registration.Service {
	s.t.Helper()
	r, err := registration.Open(context.Background(), registration.Options{DB: s.DB, Keys: keys, Accounts: s.Accounts, Contacts: s.contacts, Shared: s.Shared, Places: s.Places,
		Notices: told{s.options.Notices}, Clock: s.Clock, Policy: s.Policy, Temporary: func() (string, error) { return activation.TemporaryPassword(s.Policy.Password) },
		MayInviteNow: func(context.Context, haven.AccountNo) error { return nil },
		Invite: func(_ context.Context, _ haven.Actor, _ haven.AccountNo, username bool) error {
			s.invites = append(s.invites, username)
			return nil
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// listed enters a premises of the national list, with its registered e-mail and number.
func (s *stand) listed(code, gphc string) {
	s.t.Helper()
	line := `"` + code + `","ROWAN PHARMACY","Y62","QOP","1 ELM AVENUE","","LEEDS","","","LS1 1AA","20060601","","ACTIVE","1","P001","20060601","","","","","","0","","QOP","","",""` + "\n"
	if _, err := s.Places.Apply(s.t.Context(), peopletest.Operator, strings.NewReader(line), organisation.Options{}); err != nil {
		s.t.Fatal(err)
	}
	file := "ODS code,e-mail,GPhC number,source,date\n" + code + ",rowan@elm.example," + gphc + ",made up,2017-04-30\n"
	if _, err := s.Places.ApplyContacts(s.t.Context(), peopletest.Operator, strings.NewReader(file), nil); err != nil {
		s.t.Fatal(err)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		s.listed("FX002", "1234567")
		ben := h.Person("Ben", "Whitlock")
		sealed, err := s.contacts.Seal(t.Context(), ben.No, account.Mobile, "+447700900321")
		if err == nil {
			err = h.DB.Write(t.Context(), func(tx *db.Tx) error { return s.contacts.PutIn(tx, peopletest.Operator, sealed) })
		}
		if err != nil {
			t.Fatal(err)
		}
		b := s.browser()
		b.get("/register?q=").want(200, "/register", "Enter a code, a postcode")
		b.get("/register?q=%25").want(422, "/register", "")
		b.get("/register?q=zebra").want(200, "/register", "No premises found")
		b.get("/register?q="+url.QueryEscape("rowan leeds")).want(200, "/register", `href="/register/FX002"`)
		b.get("/register/FX002").want(200, "/register/FX002", "r•••@e•••")
		b.send("/register/FX002").want(422, "/register/FX002", "Enter the GPhC number")
		b.send("/register/FX002", "gphc", "12").want(422, "/register/FX002", "7 digits")
		b.send("/register/FX002", "gphc", "1111111").want(200, "/register/passcode", "We have written to r•••@e•••")
		if s.said("registration.attempt") == "" || s.said("registration.passcode") != "" {
			t.Error("a wrong number has a passcode sent, or the premises is not told")
		}
		b.get("/register/FX002").send("/register/FX002", "gphc", "1234567").want(200, "/register/passcode", "We have written to r•••@e•••")
		ref := regexp.MustCompile(`HV-....-....`).FindString(b.text)
		code := regexp.MustCompile(`\d{8}`).FindString(s.said("registration.passcode"))
		b.send("/register/passcode").want(422, "/register/passcode", "Enter the passcode")
		b.send("/register/passcode", "ref", "HV-1", "passcode", code).want(422, "/register/passcode", "A reference looks like")
		b.send("/register/passcode", "ref", ref, "passcode", "0").want(422, "/register/passcode", "That is not the passcode.")
		b.get("/register/people").want(200, "/register/passcode", "Enter the passcode") // nothing is open yet
		b.send("/register/passcode", "ref", strings.ToLower(ref), "passcode", code[:4]+" "+code[4:]).want(200, "/register/person", "Who is the owner of the mailbox?")
		b.send("/register/person", "n", "1").want(422, "/register/person", "Give the person")
		b.send("/register/person", "n", "1", "first", "Carys", "last", "<b>Morgan</b>", "email", "carys@home.example", "mobile", "07700 900123").want(422, "/register/person", "&lt;b&gt;Morgan&lt;/b&gt;")
		b.send("/register/person", "n", "1", "first", "Carys", "last", "Morgan", "email", "carys@home.example", "mobile", "07700 900123").want(200, "/register/people", "+447700900123")
		b.send("/register/people").want(422, "/register/people", "Say whether you want to name another person")
		b.send("/register/people", "another", "yes").want(200, "/register/person", "Who else reads the mailbox?")
		b.send("/register/person", "n", "2", "first", "Ben", "last", "Whitlock", "email", "Carys@home.example", "mobile", "07700900321").want(422, "/register/person", "the same e-mail address")
		b.send("/register/person", "n", "9", "first", "Ben").want(200, "/register/people", "Carys Morgan")
		b.send("/register/person", "n", "2", "first", "Ben", "last", "Whitlock", "email", "ben@home.example", "mobile", "07700900321").want(200, "/register/people", "Ben Whitlock")
		b.send("/register/people", "another", "no").want(200, "/register/check", "Check your answers")

		other := s.browser() // another browser has nothing of it without the passcode
		other.get("/register/check").want(200, "/register/passcode", "Enter the passcode")
		other.get("/register/where?ref="+ref).want(200, "/register/where", "It was begun and not sent yet.")

		b.send("/register/submit").want(200, "/register/submit", "is registered")
		if strings.Contains(b.text, "Ben") {
			t.Error("the page tells who has an account")
		}
		b.get("/register/people").want(200, "/register/where", "It was sent.")
		b.get("/register/FX002").want(200, "/register/FX002", "This pharmacy is registered already.")
		other.get("/register/where?ref="+ref).want(200, "/register/where", "It was sent.")
		other.get("/register/where?ref=HV-7K4M-2Q9D").want(422, "/register/where", "There is no application with this reference.")

		bens := s.browser().logIn(ben, peopletest.Password).want(200, "/mailboxes", "Do you work at Rowan Pharmacy, Leeds?")
		if strings.Contains(bens.text, "FX002@") {
			t.Error("who was named is let in without being asked")
		}
		place := regexp.MustCompile(`name="place" value="(\d)"`).FindStringSubmatch(bens.text)
		bens.send("/named/confirm", "ref", ref, "place", "7").want(404, "/named/confirm", "There is no such question for you")
		bens.get("/mailboxes").send("/named/confirm", "ref", ref, "place", place[1]).want(200, "/named/confirm", "FX002@")

		link := regexp.MustCompile(`/not-us/\S+`).FindString(s.said("registration.completed"))
		other.get(link).want(200, link, "the registration is stopped")
		bens.get("/mailboxes").want(200, "/mailboxes", "FX002@") // a link that is only opened does nothing
		other.get(link).send(link).want(200, link, "It is stopped")
		bens.get("/mailboxes").want(200, "/mailboxes", "My mailboxes")
		if strings.Contains(bens.text, "FX002@") {
			t.Error("a mailbox that was frozen opens")
		}
	})
}
