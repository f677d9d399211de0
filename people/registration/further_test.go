package registration_test

import (
	"strings"
	"testing"

	"haven"
	"haven/people/account"
	"haven/people/peopletest"
	"haven/people/registration"
)

func TestMayFurther(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    registration.FurtherFacts
		want haven.Rule
	}{
		{"one is left", registration.FurtherFacts{Left: 1, Open: 9}, "registration.further-made"},
		{"none is left", registration.FurtherFacts{Reason: true}, "registration.further-asked"},
		{"more than all were made", registration.FurtherFacts{Left: -2, Reason: true, Open: 4}, "registration.further-asked"},
		{"without a reason", registration.FurtherFacts{}, "registration.further-reason"},
		{"too many wait", registration.FurtherFacts{Reason: true, Open: 5}, "registration.further-open"},
	} {
		v := registration.MayFurther(c.f, 5)
		if v.Rule != c.want || v.Allowed != (c.want == "registration.further-made" || c.want == "registration.further-asked") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

// An owner gets the accounts of the premises at once, and asks the local team for more.
func TestFurther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		_, _ = h.sent(person("Ann", "Example", 1))
		box := h.box()
		owner, err := h.Accounts.Resolve(ctx, haven.MustAddress("ann.example@"+peopletest.Domain))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Accounts.SetState(ctx, peopletest.Operator, owner.No, account.Active, "test"); err != nil {
			t.Fatal(err)
		}
		me := peopletest.As(owner)
		ask := func(p registration.Person, reason, rule string, made bool) {
			t.Helper()
			got, err := h.s.Further(ctx, me, box.No, p, reason)
			want(t, p.First, err, rule)
			if err == nil && got != made {
				t.Errorf("%s: made is %t", p.First, got)
			}
		}
		ask(registration.Person{First: "Bob"}, "", "registration.email", false)
		ask(person("Bob", "Example", 2), "", "", true)
		ask(person("Cy", "Example", 3), "", "", true)
		if got := h.members(); !strings.Contains(got, "bob.example invited member") || !strings.Contains(got, "cy.example invited member") {
			t.Errorf("members: %s", got)
		}
		h.letters()
		ask(person("Dee", "Example", 4), " ", "registration.further-reason", false)
		ask(person("Dee", "Example", 4), strings.Repeat("x", 1001), "registration.further-reason", false)
		ask(person("Dee", "Example", 4), "A fourth dispenser.", "", false)
		if all := h.letters(); len(all) != 0 {
			t.Errorf("%d letters before anybody decided", len(all))
		}
		tasks, err := h.s.Tasks(ctx, 10)
		if err != nil || len(tasks) != 1 || tasks[0].Kind != registration.TaskFurther {
			t.Fatalf("%+v, %v", tasks, err)
		}
		w, err := h.s.WantedBy(ctx, tasks[0].Ref)
		if err != nil || w.Person.First != "Dee" || w.By != "Ann Example" || w.Reason != "A fourth dispenser." || w.Premises.Code != "FX002" {
			t.Errorf("%+v, %v", w, err)
		}
		want(t, "without a reason", h.s.Refuse(ctx, desk, tasks[0].Ref, " "), "registration.refuse-reason")
		want(t, "granted", h.s.Grant(ctx, desk, tasks[0].Ref), "")
		if got := h.members(); !strings.Contains(got, "dee.example invited member") {
			t.Errorf("members: %s", got)
		}
		letters := h.letters()
		if len(letters) != 2 || letters[0].Kind != "named" || letters[0].Invitation.Password == "" || letters[0].Invitation.By != "Ann Example" || letters[1].Kind != "further decided: Dee Example: " {
			t.Errorf("%+v", letters)
		}
		want(t, "twice", h.s.Grant(ctx, desk, tasks[0].Ref), "registration.further-none")
		want(t, "refused after that", h.s.Refuse(ctx, desk, tasks[0].Ref, "No."), "registration.further-none")

		// Somebody who has an account is asked in it, and the owner sees the same as for anybody.
		known := h.known(person("Eve", "Example", 5))
		ask(person("Eve", "Example", 5), "A fifth.", "", false)
		tasks, err = h.s.Tasks(ctx, 10)
		if err != nil || len(tasks) != 1 {
			t.Fatalf("%+v, %v", tasks, err)
		}
		want(t, "granted to who is known", h.s.Grant(ctx, desk, tasks[0].Ref), "")
		namings, err := h.s.NamedFor(ctx, known.No)
		if err != nil || len(namings) != 1 || namings[0].By != "Ann Example" || namings[0].Owner() {
			t.Fatalf("%+v, %v", namings, err)
		}
		want(t, "yes", h.s.Confirm(ctx, peopletest.As(known), namings[0].Ref, namings[0].Place), "")
		if h.rights(known) != haven.Member {
			t.Errorf("rights %v", h.rights(known))
		}

		ask(person("Fay", "Example", 6), "A sixth.", "", false)
		tasks, _ = h.s.Tasks(ctx, 10)
		h.letters()
		want(t, "refused", h.s.Refuse(ctx, desk, tasks[0].Ref, "Too many."), "")
		if l := h.letters(); len(l) != 1 || l[0].Kind != "further decided: Fay Example: Too many." || l[0].Completion.To != owner.Address {
			t.Errorf("%+v", l)
		}
		for i := range h.Policy.Registration.Further {
			ask(person("Gus", strings.Repeat("x", i+1), 10+i), "More.", "", false)
		}
		ask(person("Hal", "Example", 30), "More.", "registration.further-open", false)
		want(t, "of nobody", h.s.Grant(ctx, desk, "HV-0000-0000"), "registration.further-none")
		stranger := h.Person("Sam", "Strand")
		if _, err := h.s.Further(ctx, peopletest.As(stranger), box.No, person("Ida", "Example", 31), "x"); err == nil {
			t.Error("a stranger asks for an account")
		}
		h.noSecrets()
	})
}
