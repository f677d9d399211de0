package portal

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"haven/people/account"
	"haven/people/peopletest"
)

func TestOwnerGivesAccess(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		path := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(path).want(200, path, "The mailbox has one owner. Make a second person owner")
		b.get(path+"/add").send(path+"/add", "role", "member").want(422, path+"/add", "Enter your colleague&#39;s name or address")
		for address, say := range map[string]string{
			"b": "Type at least", "zeb": "Nobody of this name is in the directory", "rowan": "Nobody of this name is in the directory", "ben@": "Enter the whole address", "nobody@" + peopletest.Domain: "Nobody has this address", box.Address.String(): "Nobody has this address",
			"<script>alert(1)</script>": "Nobody of this name", "<script>alert(1)</script>@": "Enter the whole address", strings.Repeat("ü", 300) + "@" + peopletest.Domain: "Enter the whole address",
		} {
			b.send(path+"/add", "address", address, "role", "member").want(422, path+"/add", say)
			if strings.Contains(b.text, "<script>alert") {
				t.Error("what was typed is taken for a script")
			}
		}
		b.send(path+"/add", "address", ben.Address.String(), "role", "king").want(422, path+"/add", "Say what your colleague may do")
		b.send(path+"/add", "address", "  "+strings.ToUpper(ben.Address.String())+" ", "role", "member", "end", "").want(200, path+"/add", "Is this the right person?")
		answers := []string{"address", ben.Address.String(), "role", "member", "end", "", "sure", "yes"}
		b.send(path+"/add", answers...).want(200, path+"/add", "Ben Whitlock has access to the mailbox now.")
		b.send(path+"/add", answers...).want(422, path+"/add", "This person is a member already.") // twice

		bens := s.browser().logIn(ben, peopletest.Password).want(200, "/mailboxes", box.Address.String())
		bens.get(path).want(200, path, "Its owners")
		if strings.Contains(bens.text, "Give a colleague access") || !strings.Contains(bens.text, "Aisha Rahman") {
			t.Errorf("a member sees %s", bens.text)
		}

		members := path + "/member/"
		b.get(members+ben.ID.String()).send(members+ben.ID.String()+"/rights", "role", "").want(422, members+ben.ID.String()+"/rights", "Say what Ben Whitlock may do")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		bens.get(path).want(200, path, "Its owners")
		b.send(members+ben.ID.String()+"/rights", "role", "read").want(200, "/prove", "Your password, please")
		b.send("/prove", "next", path, "password", "wrong").want(422, "/prove", "wrong")
		b.send("/prove", "next", path, "password", peopletest.Password).want(200, path, "Who has access")
		b.send(members+ben.ID.String()+"/rights", "role", "read").want(200, members+ben.ID.String()+"/rights", "Ben Whitlock: Read only.")
		b.send(members+ben.ID.String()+"/rights", "role", "owner").want(422, members+ben.ID.String()+"/rights", "Ask Ben Whitlock to prove one under My account")
		b.send(members+aisha.ID.String()+"/rights", "role", "member").want(422, members+aisha.ID.String()+"/rights", "A mailbox keeps at least one owner")
		b.send(members+aisha.ID.String()+"/remove").want(422, members+aisha.ID.String()+"/remove", "A mailbox keeps at least one owner")
		b.get(path+"/leave").send(path+"/leave").want(422, path+"/leave", "Say who becomes the owner")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.send(members+ben.ID.String()+"/remove").want(200, members+ben.ID.String()+"/remove", "Ben Whitlock has no access to the mailbox any more.")
		bens.get(path).want(404, path, "There is nothing here")
		b.get(members+ben.ID.String()).want(404, members+ben.ID.String(), "There is nothing here")
	})
}

// Two people of one name are told apart before one of them is given access, by what the directory shows and by nothing else.
func TestNamesakes(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben, second, hidden := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Ben", "Whitlock"), h.Person("Ben", "Whitlock")
		rowan, box := h.Premises("FX002", aisha)
		h.Post(rowan, second, "dispenser")
		h.Post(rowan, hidden, "driver")
		if err := h.Accounts.SetState(t.Context(), peopletest.Operator, hidden.No, account.Disabled, "test"); err != nil {
			t.Fatal(err)
		}
		if err := s.options.Directory.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		path := "/mailbox/" + box.ID.String()
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get(path+"/add").send(path+"/add", "address", "ben whit", "role", "member", "end", "").want(200, path+"/add", "Which colleague?")
		for _, said := range []string{"Dispenser · Rowan Pharmacy, Leeds (FX002) · " + second.Address.String(), ben.Address.String()} {
			if !strings.Contains(b.text, said) {
				t.Errorf("nobody is told apart by %q: %s", said, b.text)
			}
		}
		if strings.Contains(b.text, hidden.Address.String()) {
			t.Error("somebody is shown whom the directory does not show")
		}
		b.send(path+"/add", "find", "ben whit", "role", "member", "end", "").want(422, path+"/add", "Choose your colleague")
		b.send(path+"/add", "address", ben.Address.String(), "role", "member", "end", "").want(200, path+"/add", "2 people are called Ben Whitlock")
		if !strings.Contains(b.text, "Dispenser") || !strings.Contains(b.text, second.Address.String()) || strings.Contains(b.text, "river") {
			t.Errorf("%s", b.text)
		}
		b.send(path+"/add", "address", hidden.Address.String(), "role", "member", "end", "").want(200, path+"/add", "3 people are called Ben Whitlock")
		if strings.Contains(b.text, "Driver") {
			t.Error("the job is shown of somebody whom the directory does not show")
		}
		b.send(path+"/add", "address", second.Address.String(), "role", "member", "end", "", "sure", "yes").want(200, path+"/add", "has access to the mailbox now.")
		b.get(path+"/leave").want(200, path+"/leave", "Dispenser · Rowan Pharmacy, Leeds (FX002)")
	})
}

// An access for a day ends at midnight in London, whatever zone the machine has.
func TestAccessEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC) // half past eleven in London
	for choice, want := range map[string]time.Time{
		"today": time.Date(2026, 7, 1, 23, 0, 0, 0, time.UTC), "week": time.Date(2026, 7, 8, 23, 0, 0, 0, time.UTC), "": {},
	} {
		if got, ok := endOf(choice, now); !ok || !got.Equal(want) {
			t.Errorf("%q: %v, want %v", choice, got, want)
		}
	}
	if _, ok := endOf("for ever", now); ok {
		t.Error("an answer that was not offered is taken")
	}
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		box := h.Pharmacy("FX002", aisha)
		other := h.Pharmacy("FX003", h.Person("Ben", "Whitlock"))
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/programs").want(200, "/account/programs", "You have set up none yet.")
		b.get("/account/programs/new").send("/account/programs/new").want(422, "/account/programs/new", "Say which program it is for")
		b.send("/account/programs/new", "name", "Outlook", "mailbox", other.ID.String()).want(422, "/account/programs/new", "Choose one of your mailboxes")
		b.send("/account/programs/new", "name", "Outlook", "mailbox", box.ID.String()).want(200, "/account/programs/new", "It is shown this once")
		secret := regexp.MustCompile(`haven-secret">([^<]+)<`).FindStringSubmatch(b.text)
		if len(secret) != 2 {
			t.Fatal(b.text)
		}
		signIn := func() error {
			_, err := h.Accounts.Authenticate(t.Context(), account.Login{User: aisha.Address.String(), Password: secret[1], Place: "192.0.2.8", Program: "Outlook"})
			return err
		}
		if err := signIn(); err != nil {
			t.Errorf("the password that was shown: %v", err)
		}
		b.get("/account/programs").want(200, "/account/programs", "Outlook")
		if strings.Contains(b.text, secret[1]) {
			t.Error("the password is shown again")
		}
		b.send("/account/programs/revoke", "id", "1").want(200, "/account/programs/revoke", "The password is revoked.")
		if err := signIn(); err == nil {
			t.Error("a revoked password signs in")
		}

		b.get("/account/programs/new").send("/account/programs/new", "name", "Phone", "mailbox", aisha.ID.String()).want(200, "/account/programs/new", "It is shown this once")
		secret = regexp.MustCompile(`haven-secret">([^<]+)<`).FindStringSubmatch(b.text)
		phone := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/lost").send("/account/lost").want(200, "/account/lost", "One mail program's password is revoked.")
		if err := signIn(); err == nil {
			t.Error("the lost phone's mail program signs in")
		}
		phone.get("/mailboxes").want(200, "/log-in", "Log in")
		b.get("/mailboxes").want(200, "/mailboxes", "My mailboxes")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.get("/account/programs/new").want(200, "/prove", "Your password, please")
	})
}
