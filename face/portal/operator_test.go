package portal

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"haven"
	"haven/people/account"
	"haven/people/helpdesk"
	"haven/people/operator"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/notify"
)

// Before the first operator every page says that the service is not set up, with the command, and nothing else; assets are there.
func TestNotSetUp(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		fresh := s.options
		fresh.Operators = operator.New(operator.Options{DB: h.DB, Clock: h.Clock})
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(`DELETE FROM operator`); return nil }); err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(New(fresh))
		t.Cleanup(srv.Close)
		s.url = srv.URL
		b := s.browser()
		for _, path := range []string{"/", "/log-in", "/register", "/operator", "/status", "/nowhere", "/outbox"} {
			b.get(path).want(503, path, "haven admin operator add ADDRESS")
			if strings.Contains(b.text, `href="/register"`) || strings.Contains(b.text, "<form") {
				t.Errorf("%s leads elsewhere", path)
			}
		}
		b.get(regexp.MustCompile(`/assets/haven\.css\?v=[0-9a-f]+`).FindString(b.text))
		if b.code != 200 {
			t.Errorf("the stylesheet: %d", b.code)
		}
		if _, err := fresh.Operators.Add(t.Context(), peopletest.Operator, h.Person("Tess", "Okafor").No); err != nil {
			t.Fatal(err)
		}
		b.get("/").want(200, "/", "Secure mail for your pharmacy")
	})
}

// An operator needs a second step and a mobile, and gives the code at each log in, also in a browser that was trusted before.
func TestOperatorProves(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		strict := s.options
		strict.Operators = operator.New(operator.Options{DB: h.DB, Clock: h.Clock})
		srv := httptest.NewServer(New(strict))
		t.Cleanup(srv.Close)
		s.url = srv.URL
		aisha := h.Person("Aisha", "Rahman")
		key := h.SecondStep(aisha)
		code := func() string {
			h.Clock.Advance(30 * time.Second)
			c, err := totp.GenerateCode(key, h.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		b := s.browser().get("/log-in")
		b.send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password, "shared", "no").want(200, "/log-in/code", "second step")
		b.send("/log-in/code", "code", code(), "trust", "yes").want(200, "/mailboxes", "Aisha Rahman")
		b.get("/switch").send("/log-out")
		b.get("/log-in").send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password, "shared", "no").want(200, "/mailboxes", "Aisha Rahman")
		b.get("/operator").want(404, "/operator", "There is nothing here")
		s.operator(aisha)
		b.get("/operator").want(403, "/operator", "operator.mobile")
		s.proveMobile(aisha)
		b.get("/operator").want(200, "/operator", "None open")
		b.get("/switch").send("/log-out")
		b.get("/log-in").send("/log-in", "user", aisha.Address.String(), "password", peopletest.Password, "shared", "no").want(200, "/log-in/code", "second step")
		b.get("/operator").want(200, "/log-in/code", "second step")
		if err := h.SecondFactor.Remove(t.Context(), peopletest.As(aisha), aisha); err != nil {
			t.Fatal(err)
		}
		s.browser().logIn(aisha, peopletest.Password).get("/operator").want(403, "/operator", `href="/account/second-step"`)
	})
}

// proveMobile gives a person a mobile that is known to be the own.
func (s *stand) proveMobile(who account.Account) {
	s.t.Helper()
	sealed, err := s.contacts.Seal(s.t.Context(), who.No, account.Mobile, "+447700900123")
	if err == nil {
		err = s.DB.Write(s.t.Context(), func(tx *db.Tx) error {
			if err := s.contacts.PutIn(tx, peopletest.Operator, sealed); err != nil {
				return err
			}
			s.contacts.ProveIn(tx, who.No, account.Mobile)
			return nil
		})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// asOperator is a browser in which an operator has logged in.
func (s *stand) asOperator() *browser {
	s.t.Helper()
	who := s.Person("Opal", "Orton")
	s.operator(who)
	return s.browser().logIn(who, peopletest.Password)
}

func TestCalls(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		b := s.asOperator().want(200, "/mailboxes", `href="/operator"`)
		b.get("/operator/calls").want(200, "/operator/calls", "No call is open")
		lost := helpdesk.Lost{First: "<script>alert(1)</script>", Last: "علي 🦊", Code: "FX999"}
		if _, err := s.options.Helpdesk.Answer(t.Context(), haven.Actor{Program: "portal"}, lost); err != nil {
			t.Fatal(err)
		}
		b.get("/operator").want(200, "/operator", "1 open")
		b.get("/operator/calls").want(200, "/operator/calls", "&lt;script&gt;alert(1)&lt;/script&gt; علي 🦊")
		id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(b.text)
		if len(id) != 2 {
			t.Fatal(b.text)
		}
		page := b.text
		b.send("/operator/calls/close", "id", id[1]).want(200, "/operator/calls/close", "The call is closed")
		b.text = page
		b.send("/operator/calls/close", "id", id[1]).want(200, "/operator/calls/close", "closed already")
		b.text = page
		b.send("/operator/calls/close", "id", "x").want(404, "/operator/calls/close", "There is nothing here")
	})
}

// A registration that the premises disowns waits for an operator, who opens it again once it is settled.
func TestTasks(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		s.listed("FX002", "1012345")
		b := s.asOperator()
		b.get("/operator/tasks").want(200, "/operator/tasks", "Nothing waits")
		s.disowned("FX002", "1012345")
		b.get("/operator/tasks").want(200, "/operator/tasks", "Not our registration")
		at := regexp.MustCompile(`/operator/tasks/1/HV-[A-Z0-9-]+/0`).FindString(b.text)
		b.get(at).want(200, at, "Rowan Pharmacy")
		b.send(at).want(422, at, "Say what is to be done")
		b.send(at, "do", "settle").want(422, at, "Say what is to be done")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.send(at, "do", "thaw").want(200, "/prove", "Your password, please")
		b.send("/prove", "next", at, "password", peopletest.Password).want(200, at, "Not our registration")
		b.send(at, "do", "thaw").want(200, at, "Nothing waits")
		b.get(at).want(404, at, "There is no such task")
	})
}

// disowned asks for a passcode, and says as the premises that it was not theirs.
func (s *stand) disowned(code, gphc string) {
	s.t.Helper()
	b := s.browser()
	b.get("/register/"+code).send("/register/"+code, "gphc", gphc)
	all, err := s.options.Notices.List(s.t.Context(), s.Clock.Now().Add(time.Second), 10)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range all {
		c, err := s.options.Notices.Open(s.t.Context(), haven.Actor{Program: "test"}, n.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if link := regexp.MustCompile(`/not-us/\S+`).FindString(c.Body); link != "" {
			b.get(link).send(link)
			return
		}
	}
	s.t.Fatal("nobody was told")
}

// Opening a notice asks for the password again, is recorded, and shows no secret.
func TestOperatorOutbox(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		b := s.asOperator()
		b.get("/operator/outbox").want(200, "/operator/outbox", "Nothing was sent yet")
		err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, err := s.options.Notices.Send(tx, notify.Message{Template: "activation.done", To: "aisha@home.example", Values: map[string]string{"time": "09:00"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		b.get("/operator/outbox").want(200, "/operator/outbox", "a•••@h•••")
		at := regexp.MustCompile(`/operator/outbox/\d+`).FindString(b.text)
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.get(at).want(200, "/prove", "Your password, please")
		b.send("/prove", "next", at, "password", peopletest.Password).want(200, at, "aisha@home.example")
		b.get("/operator/outbox/0").want(404, "/operator/outbox/0", "There is no such notice")
		opened := 0
		if err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT COUNT(*) FROM audit WHERE what = 'notify.opened' AND program = 'portal'`, nil, func(r db.Row) error { opened = int(r.Int64(0)); return nil })
		}); err != nil || opened != 1 {
			t.Errorf("opened %d times, %v", opened, err)
		}
	})
}
