package portal

import (
	"regexp"
	"strings"
	"testing"

	"haven/people/organisation"
	"haven/people/peopletest"
)

// Somebody whose premises has no registered e-mail applies without a passcode; two operators approve it, each for another side, and it goes on.
func TestApplyWithoutAPasscode(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		line := `"FX005","LONE PHARMACY","Y62","QOP","1 ELM AVENUE","","LEEDS","","","LS1 1AA","20060601","","ACTIVE","1","P001","20060601","","0113 4960005","","","","0","","QOP","","",""` + "\n"
		if _, err := s.Places.Apply(t.Context(), peopletest.Operator, strings.NewReader(line), organisation.Options{}); err != nil {
			t.Fatal(err)
		}
		const at = "/register/FX005/approval"
		b := s.browser()
		b.get("/register/FX999/approval").want(200, "/register/FX999/approval", "There is no pharmacy with this code")
		b.get("/register/FX005").want(200, "/register/FX005", `href="`+at+`"`)
		b.get(at).want(200, at, "We ring the pharmacy at its number")
		b.send(at, "name", "<b>", "email", "ann", "gphc", "12").want(422, at, "Write your own e-mail address").want(422, at, "&lt;b&gt;").want(422, at, "7 digits").want(422, at, "Say who you are at the pharmacy")
		fields := []string{"name", "Ann Example", "email", "ann@home.example", "gphc", "103 4570", "why", "The manager; <i>no e-mail</i> yet."}
		b.send(at, fields...).want(200, at, "Check your answers").want(200, at, "1034570").want(200, at, "&lt;i&gt;no e-mail&lt;/i&gt;")
		form := b.text
		b.send(at, append(fields, "sure", "yes", "back", "yes")...).want(200, at, "Apply without a passcode")
		b.text = form
		b.send(at, append(fields, "sure", "yes")...).want(200, at, "We have your application").want(200, at, "a•••@h•••")
		ref := regexp.MustCompile(`HV-....-....`).FindString(b.text)
		if s.said("registration.approval-asked") == "" || s.said("registration.approved") != "" {
			t.Error("who applied is not told, or of too much")
		}
		b.get("/register/where?ref="+ref).want(200, "/register/where", "two people decide")
		b.get("/register/passcode").send("/register/passcode", "ref", ref, "passcode", "12345678").want(403, "/register/passcode", "waits for two approvals")

		first := s.asOperator()
		second := s.Person("Owen", "Orr")
		s.operator(second)
		other := s.browser().logIn(second, peopletest.Password)
		task := "/operator/tasks/5/" + ref + "/0"
		first.get("/operator/tasks").want(200, "/operator/tasks", `href="`+task+`"`)
		first.get(task).want(200, task, "0113 4960005").want(200, task, "1034570: none is registered").want(200, task, "ann@home.example")
		first.send(task).want(422, task, "Say what is to be done")
		first.send(task, "do", "approve-desk").want(200, task, "Another person has to give the second one.")
		first.get(task).want(200, task, "Opal Orton, for the desk")
		if strings.Contains(first.text, `value="approve-`) {
			t.Error("whoever has approved it is asked again")
		}
		first.send(task, "do", "approve-local-team").want(422, task, "You have approved it already.")
		if other.get(task); strings.Contains(other.text, `value="approve-desk"`) || !strings.Contains(other.text, `value="approve-local-team"`) {
			t.Error("the desk is asked again, or the local team is not")
		}
		other.send(task, "do", "approve-desk").want(422, task, "What lacks is the one of the head office or the local team.")
		other.send(task, "do", "refuse", "reason", " ").want(422, task, "Whoever applied reads it.")
		other.send(task, "do", "approve-head-office").want(200, task, "Both approvals are there.")
		other.get(task).want(404, task, "There is no such task")

		code := regexp.MustCompile(`\d{8}`).FindString(s.said("registration.approved"))
		b.get("/register/where?ref="+ref).want(200, "/register/where", "It was approved.")
		b.get("/register/passcode?ref="+ref).send("/register/passcode", "ref", ref, "passcode", code).want(200, "/register/person", "Who is the owner of the mailbox?")
		b.send("/register/person", "n", "1", "first", "Ann", "last", "Example", "email", "ann@home.example", "mobile", "07700 900123").want(200, "/register/people", "+447700900123")
		b.get("/register/check").send("/register/submit").want(200, "/register/submit", "is registered")

		// Registered now: there is nothing left to apply for.
		b.get(at).want(200, at, "is registered already")
		b.text = form
		b.send(at, fields...).want(200, at, "is registered already")
	})
}

// One that is refused says why to whoever applied.
func TestApplicationIsRefused(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		s.listed("FX002", "1234567")
		const at = "/register/FX002/approval"
		b := s.browser().get("/register/FX002").want(200, "/register/FX002", `href="`+at+`"`)
		b.get(at).send(at, "name", "Ann Example", "email", "ann@home.example", "why", "The e-mail is of the owner before.", "sure", "yes").want(200, at, "We have your application")
		ref := regexp.MustCompile(`HV-....-....`).FindString(b.text)
		if s.said("registration.approval-attempt") == "" {
			t.Error("the registered e-mail is not told")
		}
		o := s.asOperator()
		task := "/operator/tasks/5/" + ref + "/0"
		o.get(task).want(200, task, "Not given, though one is registered").want(200, task, "r•••@e•••")
		o.send(task, "do", "refuse", "reason", "Nobody there knows of it.").want(200, task, "Done: Refuse it")
		if !strings.Contains(s.said("registration.not-approved"), "Nobody there knows of it.") {
			t.Error("who applied is not told why")
		}
		b.get("/register/where?ref="+ref).want(200, "/register/where", "This application was refused.")
	})
}
