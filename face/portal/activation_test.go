package portal

import (
	"strings"
	"testing"

	"haven/people/account"
	"haven/people/peopletest"
)

func TestActivate(t *testing.T) {
	t.Parallel()
	const fresh = "quiet amber lantern"
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		a, err := h.Accounts.CreatePersonal(t.Context(), peopletest.Operator, account.NewPersonal{First: "Carys", Last: "Morgan", State: account.Invited, Password: peopletest.Password, Temporary: true})
		if err != nil {
			t.Fatal(err)
		}
		box := h.Pharmacy("FX002", h.Person("Aisha", "Rahman"))
		h.Member(box, a)
		b := s.browser().logIn(a, peopletest.Password).want(200, "/activation", "Read and accept the rules of use")
		if strings.Contains(b.text, `href="/activation/questions"`) {
			t.Error("a step is open before its turn")
		}
		for _, path := range []string{"/mailboxes", "/account", "/account/programs", "/mailbox/" + box.ID.String()} {
			b.get(path).want(200, "/activation", "Activate your account") // nothing is read before it is done
		}
		b.get("/activation/policy").send("/activation/policy", "version", "1").want(422, "/activation/policy", "Tick the box if you accept the rules")
		b.send("/activation/policy", "version", "7", "accept", "yes").want(422, "/activation/policy", "The policy was changed meanwhile")
		b.send("/activation/policy", "version", "1", "accept", "yes").want(200, "/activation/password", "Choose your password")
		b.send("/activation/password").want(422, "/activation/password", "Enter a new password")
		b.send("/activation/password", "new", "morgan carys 1234", "again", "morgan carys 1234").want(422, "/activation/password", "name")
		b.send("/activation/password", "new", peopletest.Password, "again", peopletest.Password).want(422, "/activation/password", "")
		b.send("/activation/password", "new", fresh, "again", fresh).want(200, "/activation/questions", "Security questions")
		b.get("/activation/password").want(200, "/account/password", "The password that you have now") // never again without the present one
		b.get("/activation/questions").send("/activation/questions", "question-1", "1", "answer-1", "Rex").want(422, "/activation/questions", "Choose a question")
		if strings.Contains(b.text, "Rex") {
			t.Error("an answer comes back")
		}
		b.send("/activation/questions", "question-1", "1", "answer-1", "Rex", "question-2", "1", "answer-2", "Elm", "question-3", "3", "answer-3", "Bell").
			want(422, "/activation/questions", "Choose a question that you have not chosen already")
		b.send("/activation/questions", "question-1", "1", "answer-1", "Rex", "question-2", "2", "answer-2", "Elm", "question-3", "3", "answer-3", "Bell").
			want(200, "/activation/directory", "May colleagues see your mobile number?")
		b.send("/activation/directory").want(422, "/activation/directory", "Say whether colleagues")
		b.send("/activation/directory", "show", "no").want(200, "/activation/done", "Your account is active")
		b.get("/mailboxes").want(200, "/mailboxes", box.Address.String())
		b.get("/activation").want(200, "/mailboxes", "My mailboxes")

		s.browser().logIn(a, peopletest.Password).want(422, "/log-in", "wrong") // the temporary one is spent
		h.Clock.Advance(h.Policy.Session.AskAgain)
		b.get("/activation/questions").send("/activation/questions", "question-1", "4", "answer-1", "York", "question-2", "2", "answer-2", "Elm", "question-3", "3", "answer-3", "Bell").
			want(200, "/prove", "Your password, please")
	})
}

func TestLapsedTemporaryPassword(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		a, err := h.Accounts.CreatePersonal(t.Context(), peopletest.Operator, account.NewPersonal{First: "Carys", Last: "Morgan", State: account.Invited, Password: peopletest.Password, Temporary: true})
		if err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(h.Policy.Activation.TempPassword)
		s.browser().logIn(a, peopletest.Password).want(403, "/log-in", "password.temporary-lapsed")
	})
}
