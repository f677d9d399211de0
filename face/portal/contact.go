package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// contactWords are what the pages say of a mobile and of a personal e-mail.
var contactWords = map[account.ContactKind]page.ContactWords{
	account.Mobile: {Path: "/account/mobile", Title: "Your mobile number", Question: "What is your new mobile number?", Type: "tel", Autocomplete: "tel",
		Hint: "A UK number, like 07700 900123. We send it a code in a text, to make sure that it is yours.", Have: "The number that we have is", How: "a text to", Done: "Your mobile number is saved and confirmed."},
	account.PersonalEmail: {Path: "/account/email", Title: "Your personal e-mail", Question: "What is your new personal e-mail address?", Type: "email", Autocomplete: "email",
		Hint: "One that you read when you can't log in here. We send it a code, to make sure that it is yours.", Have: "The address that we have is", How: "an e-mail to", Done: "Your personal e-mail is saved and confirmed."},
}

// contactPage asks for a new mobile or e-mail.
func contactPage(k account.ContactKind) func(*request) error {
	return func(q *request) error {
		if asked, err := q.recently(contactWords[k].Path); asked || err != nil {
			return err
		}
		return q.showContact(http.StatusOK, k, "")
	}
}

func (q *request) showContact(code int, k account.ContactKind, given string, problems ...page.Problem) error {
	p, err := q.s.o.Profiles.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	opened, err := q.s.o.Shared.For(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	have := p.Email
	if k == account.Mobile {
		have = p.Mobile
	}
	v := page.NewContact{Words: contactWords[k], Value: given, Now: contactInWords(have), Unproven: have.Proven.IsZero()}
	if k == account.Mobile {
		owner := slices.ContainsFunc(opened, func(o sharedmailbox.Opened) bool { return o.Rights.Has(haven.Manage) })
		v.Removable = have.Value != "" && !owner
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = v.Words.Title, problems, "/account"
	return q.show(code, page.NewContactPage(q.frame, v))
}

// askContact has a code sent to the new one.
func askContact(k account.ContactKind) func(*request) error {
	return func(q *request) error {
		w, given := contactWords[k], q.value("contact")
		if asked, err := q.recently(w.Path); asked || err != nil {
			return err
		}
		err := q.s.o.Profiles.Ask(q.ctx(), q.actor(), q.ses.Person.No, k, given)
		if say, ok := sayOf(err); ok {
			return q.showContact(http.StatusUnprocessableEntity, k, given, page.Problem{Field: "contact", Say: say})
		}
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		return q.redirect(w.Path + "/code")
	}
}

// contactCodePage asks for the code that was sent.
func contactCodePage(k account.ContactKind) func(*request) error {
	return func(q *request) error { return q.showContactCode(http.StatusOK, k) }
}

func (q *request) showContactCode(code int, k account.ContactKind, problems ...page.Problem) error {
	w := contactWords[k]
	asked, err := q.s.o.Profiles.Asked(q.ctx(), q.ses.Person.No, k)
	if errs.Is(err, errs.Conflict) {
		return q.redirect(w.Path)
	}
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "Enter the code", problems, w.Path
	return q.show(code, page.ContactCodePage(q.frame, w, asWritten(asked.To), clockTime(asked.Until)))
}

// asWritten is a mobile as people write it, 07700 900123; an e-mail stays as it is.
func asWritten(contact string) string {
	n, mobile := strings.CutPrefix(contact, "+44")
	if !mobile || len(n) < 5 {
		return contact
	}
	return "0" + n[:4] + " " + n[4:]
}

// giveContactCode takes the code, and with it the new mobile or e-mail.
func giveContactCode(k account.ContactKind) func(*request) error {
	return func(q *request) error {
		w := contactWords[k]
		if q.value("code") == "" {
			return q.showContactCode(http.StatusUnprocessableEntity, k, page.Problem{Field: "code", Say: "Enter the code that we sent"})
		}
		if asked, err := q.recently(w.Path + "/code"); asked || err != nil {
			return err
		}
		err := q.s.o.Profiles.Confirm(q.ctx(), q.actor(), q.ses.Person.No, k, q.value("code"))
		if say, again := wrongPassword(err); again {
			return q.showContactCode(http.StatusUnprocessableEntity, k, page.Problem{Field: "code", Say: say})
		}
		if errs.Is(err, errs.Conflict) {
			return q.redirect(w.Path)
		}
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		q.frame.Done = w.Done
		return accountPage(q)
	}
}

// contactCodeAgain has another code sent to the same place.
func contactCodeAgain(k account.ContactKind) func(*request) error {
	return func(q *request) error {
		w := contactWords[k]
		if asked, err := q.recently(w.Path + "/code"); asked || err != nil {
			return err
		}
		err := q.s.o.Profiles.Again(q.ctx(), q.actor(), q.ses.Person.No, k)
		if errs.Is(err, errs.Conflict) {
			return q.redirect(w.Path)
		}
		if say, ok := sayOf(err); ok {
			return q.showContactCode(http.StatusUnprocessableEntity, k, page.Problem{Field: "code", Say: say})
		}
		if err != nil {
			return err
		}
		q.s.o.Notices.Nudge()
		q.frame.Done = "Another code is on its way. The one before is not good any more."
		return q.showContactCode(http.StatusOK, k)
	}
}

func removeMobilePage(q *request) error {
	if asked, err := q.recently("/account/mobile/remove"); asked || err != nil {
		return err
	}
	return q.showRemoveMobile(http.StatusOK)
}

func (q *request) showRemoveMobile(code int, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Take your mobile number away", problems, "/account/mobile"
	return q.show(code, page.RemoveMobilePage(q.frame))
}

func removeMobile(q *request) error {
	if asked, err := q.recently("/account/mobile/remove"); asked || err != nil {
		return err
	}
	err := q.s.o.Profiles.RemoveMobile(q.ctx(), q.actor(), q.ses.Person.No)
	if say, ok := sayOf(err); ok {
		return q.showRemoveMobile(http.StatusUnprocessableEntity, page.Problem{Say: say})
	}
	if err != nil && !errs.Is(err, errs.NotFound) { // sent twice
		return err
	}
	q.s.o.Notices.Nudge()
	q.frame.Done = "Your mobile number is taken away."
	return accountPage(q)
}

func aboutYouPage(q *request) error {
	p, err := q.s.o.Profiles.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	return q.showAboutYou(http.StatusOK, p.Speciality, p.Note)
}

func (q *request) showAboutYou(code int, speciality, note string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "About your work", problems, "/account"
	return q.show(code, page.AboutYouPage(q.frame, speciality, note))
}

func setAboutYou(q *request) error {
	speciality, note := q.value("speciality"), q.value("note")
	err := q.s.o.Profiles.SetAbout(q.ctx(), q.actor(), q.ses.Person.No, speciality, note)
	e := (*errs.Error)(nil)
	if errors.As(err, &e) && e.Kind == errs.Invalid {
		return q.showAboutYou(http.StatusUnprocessableEntity, speciality, note, page.Problem{Field: strings.TrimPrefix(e.Rule, "profile."), Say: e.Say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = "Colleagues read it in the directory now."
	return accountPage(q)
}

func telephonePage(q *request) error {
	p, err := q.s.o.Profiles.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	return q.showTelephone(http.StatusOK, p.Telephone)
}

func (q *request) showTelephone(code int, given string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Your telephone number", problems, "/account"
	return q.show(code, page.TelephonePage(q.frame, given))
}

func setTelephone(q *request) error {
	err := q.s.o.Profiles.SetTelephone(q.ctx(), q.actor(), q.ses.Person.No, q.value("telephone"))
	if say, ok := sayOf(err); ok {
		return q.showTelephone(http.StatusUnprocessableEntity, q.value("telephone"), page.Problem{Field: "telephone", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = "Your telephone number is saved."
	return accountPage(q)
}
