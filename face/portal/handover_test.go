package portal

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/sharedmailbox"
	"haven/platform/blob"
	"haven/platform/change"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// mailOf makes a mail store over the house.
func (s *stand) mailOf(keys *secret.Keys) *mailbox.Service {
	s.t.Helper()
	bodies, err := blob.Open(filepath.Join(s.t.TempDir(), "packs"), blob.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := bodies.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return mailbox.New(mailbox.Options{DB: s.DB, Bodies: bodies, Keys: keys, Hub: &change.Hub{}, Access: s.Access, Clock: s.Clock, Policy: s.Policy})
}

// rooms gives accounts their folders.
func (s *stand) rooms(all ...account.Account) {
	s.t.Helper()
	err := s.DB.Write(s.t.Context(), func(tx *db.Tx) error {
		for _, a := range all {
			if err := s.mail.Provision(tx, a.No, a.Kind); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// letter files a letter that came.
func (s *stand) letter(to account.Account, id, from string) {
	s.t.Helper()
	s.Clock.Advance(time.Second)
	w, err := s.mail.NewLetter(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = fmt.Fprint(w, mailboxtest.CRLF("From: <"+from+">\nTo: <"+to.Address.String()+">\nMessage-ID: <"+id+"@x.example>\nSubject: secret "+id+"\n\nHello.\n"))
	l, err := w.Finish(s.t.Context())
	if err == nil {
		_, err = s.mail.File(s.t.Context(), []mailbox.Filing{{Account: to.No, Letter: l}}, nil)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Ben hands letters over to the mailbox before his post ends; Aisha, who owns it, sees how many and never whose.
func TestHandover(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben, cora, dev := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Cora", "Lind"), h.Person("Dev", "Anand")
		here, box := h.Premises("FX002", aisha)
		h.Post(here, ben, "dispenser")
		h.Member(box, ben)
		s.rooms(aisha, ben, cora, dev, box)
		s.letter(box, "p1", "gp@surgery.example")
		s.letter(box, "p2", "lab@hospital.example")
		for _, l := range [][2]string{{"1", "gp@surgery.example"}, {"2", "gp@surgery.example"}, {"3", "lab@hospital.example"}, {"4", "mum@home.example"}, {"5", aisha.Address.String()}} {
			s.letter(ben, l[0], l[1])
		}
		path := "/mailbox/" + box.ID.String() + "/handover"

		b := s.browser().logIn(ben, peopletest.Password)
		b.get("/account").want(200, "/account", `href="`+path+`"`)
		leave := fmt.Sprintf("/account/posts/%d/leave", here.ID)
		b.get(leave).want(200, leave, `href="`+path+`"`)
		b.get("/mailbox/"+box.ID.String()+"/leave").want(200, "/mailbox/"+box.ID.String()+"/leave", `href="`+path+`"`)
		b.get(path).want(200, path, "2 letters, the newest on 4 September 2017")
		for _, never := range []string{"mum@home.example", aisha.Address.String(), "secret", " checked"} {
			if strings.Contains(b.text, never) {
				t.Errorf("the page shows %q", never)
			}
		}
		b.send(path).want(422, path, "Choose whose letters you hand over")
		b.send(path, "correspondent", "mum@home.example", "sure", "yes").want(422, path, "The letters that you chose are in the mailbox already")
		b.send(path, "correspondent", "mum@home.example").want(422, path, "Choose whose letters you hand over")
		b.send(path, "correspondent", "all").want(200, path, "3 letters with 2 correspondents")
		check := b.text
		b.get(path).send(path, "correspondent", "gp@surgery.example").want(200, path, "2 letters with 1 correspondent")
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.send(path, "correspondent", "gp@surgery.example", "sure", "yes").want(200, "/prove", "Your password, please")
		b.send("/prove", "next", path, "password", peopletest.Password).want(200, path, "checked")
		b.send(path, "correspondent", "gp@surgery.example", "sure", "yes").want(200, path, "You have handed over your letters")
		b.text = check
		b.send(path, "correspondent", "gp@surgery.example", "sure", "yes").want(422, path, "The letters that you chose are in the mailbox already")
		b.get(path).want(200, path, "You handed over 2 letters with 1 correspondent on 4 September 2017.")
		if strings.Contains(b.text, "gp@surgery.example") {
			t.Error("what was handed over is shown again")
		}
		b.get("/account/history").want(200, "/account/history", "Own letters were handed over to the mailbox, 2 letters with 1 correspondent")

		// The owner.
		o := s.browser().logIn(aisha, peopletest.Password)
		history := "/mailbox/" + box.ID.String() + "/history"
		o.get(history).want(200, history, "Own letters were handed over to the mailbox, 2 letters with 1 correspondent")
		end := "/mailbox/" + box.ID.String() + "/member/" + ben.ID.String() + "/left"
		o.get(end).want(200, end, "Ben Whitlock handed over 2 letters with 1 correspondent")
		s.uncounted = errs.E(errs.Transient, "no keys now") // a post is ended all the same
		if o.get(end).want(200, end, "End the post of Ben Whitlock"); strings.Contains(o.text, "could still hand over") {
			t.Error("what could not be counted is told")
		}
		s.uncounted = nil
		o.get(end).want(200, end, "Ben Whitlock could still hand over 1 letter with 1 correspondent to "+box.Display)
		for _, never := range []string{"surgery.example", "hospital.example", "secret"} {
			if strings.Contains(o.text, never) {
				t.Errorf("the owner's page shows %q", never)
			}
		}
		o.get(path).want(200, path, "There is nothing to hand over").send(path, "correspondent", "all", "sure", "yes").want(200, path, "There is nothing to hand over")
		b.get("/account/history").want(200, "/account/history", "An owner was told how many letters there are to hand over")

		// Nobody else.
		s.browser().logIn(dev, peopletest.Password).get(path).want(404, path, "There is nothing here").send(path, "correspondent", "lab@hospital.example", "sure", "yes").want(404, path, "There is nothing here")
		if err := h.Shared.AddMember(t.Context(), peopletest.Operator, box.No, sharedmailbox.Grant{Person: cora.No, Rights: haven.Read}); err != nil {
			t.Fatal(err)
		}
		s.letter(cora, "9", "gp@surgery.example")
		r := s.browser().logIn(cora, peopletest.Password)
		r.get(path).want(200, path, "You may read this mailbox, and not add to it")
		r.send(path, "correspondent", "gp@surgery.example", "sure", "yes").want(422, path, "You may read this mailbox, and not add to it")
	})
}
