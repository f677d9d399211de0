package registration_test

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestMayApprove(t *testing.T) {
	t.Parallel()
	const head, team, desk = registration.HeadOffice, registration.LocalTeam, registration.Desk
	begin, none := haven.Allow("registration.begin"), haven.Refuse("registration.no-contact", "None.")
	already := haven.Refuse("registration.already", "Registered.")
	given := func(side registration.Side, mine bool) []registration.Given {
		return []registration.Given{{Side: side, Mine: mine}}
	}
	for _, c := range []struct {
		name string
		f    registration.ApproveFacts
		want haven.Rule
	}{
		{"the first, of the desk", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: desk}, "registration.approve-first"},
		{"the first, of a head office", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: head}, "registration.approve-first"},
		{"of a premises that has e-mail and number", registration.ApproveFacts{Waits: true, Entry: begin, Person: true, Side: team}, "registration.approve-first"},
		{"the desk after the head office", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: desk, Given: given(head, false)}, "registration.approved"},
		{"the local team after the desk", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: team, Given: given(desk, false)}, "registration.approved"},
		{"the same person for both", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: team, Given: given(desk, true)}, "registration.approve-twice"},
		{"the desk twice", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: desk, Given: given(desk, false)}, "registration.approve-given"},
		{"the local team after the head office", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: team, Given: given(head, false)}, "registration.approve-given"},
		{"for nobody", registration.ApproveFacts{Waits: true, Entry: none, Person: true}, "registration.approve-side"},
		{"for somebody unheard of", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Side: 9}, "registration.approve-side"},
		{"by a program", registration.ApproveFacts{Waits: true, Entry: none, Side: desk}, "registration.approve-nobody"},
		{"for the own premises", registration.ApproveFacts{Waits: true, Entry: none, Person: true, Own: true, Side: desk}, "registration.approve-own"},
		{"registered meanwhile", registration.ApproveFacts{Waits: true, Entry: already, Person: true, Side: desk}, "registration.already"},
		{"decided already", registration.ApproveFacts{Entry: none, Person: true, Side: desk}, "registration.approve-none"},
		{"nothing known", registration.ApproveFacts{}, "registration.approve-none"},
	} {
		v := registration.MayApprove(c.f)
		if v.Rule != c.want || v.Allowed != (c.want == "registration.approve-first" || c.want == "registration.approved") || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

func TestMayAskApproval(t *testing.T) {
	t.Parallel()
	p := policy.Registration{PasscodesADay: 5, Approvals: 3}
	for _, c := range []struct {
		name        string
		entry       haven.Verdict
		today, open int
		want        haven.Rule
	}{
		{"nothing is registered", haven.Refuse("registration.no-contact", "None."), 4, 2, "registration.approval"},
		{"an e-mail is, and nobody reads it", haven.Allow("registration.begin"), 0, 0, "registration.approval"},
		{"the group registers it", haven.Refuse("registration.central", "Ask."), 0, 0, "registration.central"},
		{"frozen", haven.Refuse("registration.frozen", "Rests."), 0, 0, "registration.frozen"},
		{"too many today", haven.Allow("registration.begin"), 5, 0, "registration.passcodes"},
		{"too many wait", haven.Allow("registration.begin"), 0, 3, "registration.approval-open"},
		{"nothing known", haven.Verdict{}, 0, 0, ""},
	} {
		if v := registration.MayAskApproval(c.entry, c.today, c.open, p); v.Rule != c.want || v.Allowed != (c.want == "registration.approval") {
			t.Errorf("%s: %+v, want %s", c.name, v, c.want)
		}
	}
}

func TestCheckUnproven(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("nhsmail-2017")
	if err != nil {
		t.Fatal(err)
	}
	good := registration.Unproven{Name: "Ann  Example ", Email: "ann@home.example", Number: "103 4569", Why: " The manager. "}
	u, faults := registration.CheckUnproven(good, p)
	if len(faults) > 0 || u != (registration.Unproven{Name: "Ann Example", Email: "ann@home.example", Number: "1034569", Why: "The manager."}) {
		t.Errorf("%+v, %+v", u, faults)
	}
	for field, change := range map[string]func(*registration.Unproven){
		"name": func(u *registration.Unproven) { u.Name = " " }, "email": func(u *registration.Unproven) { u.Email = "ann" },
		"gphc": func(u *registration.Unproven) { u.Number = "2034569" }, "why": func(u *registration.Unproven) { u.Why = "" },
	} {
		bad := good
		change(&bad)
		if _, faults := registration.CheckUnproven(bad, p); len(faults) != 1 || faults[0].Field != field || faults[0].Verdict.Reason == "" {
			t.Errorf("%s: %+v", field, faults)
		}
	}
	for _, bad := range []registration.Unproven{{Name: strings.Repeat("x", 200)}, {Name: "a\x00"}, {Why: strings.Repeat("x", 1001)}} {
		if _, faults := registration.CheckUnproven(bad, p); len(faults) == 0 {
			t.Errorf("%.20q is taken", bad)
		}
	}
}

var unproven = registration.Unproven{Name: "Ann Example", Email: "ann1@home.example", Number: "1034570", Why: "The manager. We have no e-mail yet."}

// unprovenOf begins an application without proof.
func (h *house) unprovenOf(code string) registration.Ref {
	h.t.Helper()
	pass, err := h.s.AskApproval(h.t.Context(), h.visitor, code, unproven)
	if err != nil {
		h.t.Fatal(err)
	}
	if pass.To != "a•••@h•••" {
		h.t.Errorf("to %s", pass.To)
	}
	return pass.Ref
}

// A premises that can't be proven is registered once two people have approved it, each for another side.
func TestTwoApprovals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		first, second := peopletest.As(h.Person("Olive", "Operator")), peopletest.As(h.Person("Omar", "Operator"))
		_, err := h.s.Ask(ctx, h.visitor, "FX005", "1034570")
		want(t, "a passcode", err, "registration.no-contact")
		ref := h.unprovenOf("FX005")
		if l := h.letters(); len(l) != 1 || l[0].Kind != "approval asked" || l[0].Approval.To.String() != unproven.Email || l[0].Approval.Ref != ref || l[0].Approval.NotUs != "" {
			t.Errorf("%+v", l)
		}
		w, err := h.s.Where(ctx, h.visitor, string(ref))
		if err != nil || w.State != registration.WaitsApproval || !strings.Contains(w.Says, "two people decide") {
			t.Errorf("%+v, %v", w, err)
		}
		_, err = h.s.Prove(ctx, h.visitor, string(ref), "00000000")
		want(t, "a passcode before", err, "registration.waiting")
		_, err = h.s.Again(ctx, h.visitor, string(ref))
		want(t, "another passcode before", err, "registration.waiting")

		tasks, err := h.s.Tasks(ctx, 10)
		if err != nil || len(tasks) != 1 || tasks[0].Kind != registration.TaskApproval || tasks[0].Ref != ref {
			t.Fatalf("%+v, %v", tasks, err)
		}
		got, err := h.s.ApprovalOf(ctx, ref)
		if err != nil || got.Unproven != unproven || got.Telephone != "0113 4960005" || got.Registered != "" || len(got.Given) != 0 || got.Premises.Code != "FX005" {
			t.Errorf("%+v, %v", got, err)
		}
		approve := func(who haven.Actor, side registration.Side, done bool, rule string) {
			t.Helper()
			got, err := h.s.Approve(ctx, who, ref, side)
			want(t, side.String(), err, rule)
			if got != done {
				t.Errorf("%s: done is %t", side, got)
			}
		}
		approve(desk, registration.Desk, false, "registration.approve-nobody")
		approve(first, 0, false, "registration.approve-side")
		approve(first, registration.Desk, false, "")
		if l := h.letters(); len(l) != 0 {
			t.Errorf("after one approval: %+v", l)
		}
		approve(first, registration.LocalTeam, false, "registration.approve-twice")
		approve(second, registration.Desk, false, "registration.approve-given")
		if got, err = h.s.ApprovalOf(ctx, ref); err != nil || len(got.Given) != 1 || got.Given[0].By.Display != "Olive Operator" || got.Given[0].Side != registration.Desk {
			t.Errorf("%+v, %v", got, err)
		}
		h.Clock.Advance(48 * time.Hour)
		approve(second, registration.LocalTeam, true, "")
		approve(second, registration.LocalTeam, false, "registration.approve-none")
		want(t, "refused after that", h.s.RefuseApproval(ctx, first, ref, "No."), "registration.approve-none")
		if n := h.count("registration.approval"); n != 2 {
			t.Errorf("%d approvals are written down", n)
		}
		if n := h.count("registration.approval-refused"); n != 5 {
			t.Errorf("%d refusals are written down", n)
		}
		if tasks, _ := h.s.Tasks(ctx, 10); len(tasks) != 0 {
			t.Errorf("%+v", tasks)
		}
		code := h.one("approved").Approval.Passcode

		// Days later it goes on, with another passcode.
		h.Clock.Advance(3 * 24 * time.Hour)
		if err := h.s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Prove(ctx, h.visitor, string(ref), code)
		want(t, "an old passcode", err, "registration.passcode-expired")
		if _, err := h.s.Again(ctx, h.visitor, string(ref)); err != nil {
			t.Fatal(err)
		}
		l := h.one("passcode")
		if l.Attempt.To.String() != unproven.Email {
			t.Errorf("the passcode goes to %s", l.Attempt.To)
		}
		token, err := h.s.Prove(ctx, h.visitor, string(ref), l.Passcode)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.s.SetPeople(ctx, h.visitor, ref, token, []registration.Person{person("Ann", "Example", 1)}); err != nil {
			t.Fatal(err)
		}
		h.letters()
		if _, err := h.s.Submit(ctx, h.visitor, ref, token); err != nil {
			t.Fatal(err)
		}
		if l := h.letters(); len(l) != 1 || l[0].Kind != "named" || !l[0].Owner {
			t.Errorf("%+v", l)
		}
		_, err = h.s.AskApproval(ctx, h.visitor, "FX005", unproven)
		want(t, "registered already", err, "registration.already")
		h.Clock.Advance(h.Policy.Registration.Kept + time.Hour)
		if err := h.s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Where(ctx, h.visitor, string(ref))
		want(t, "long after", err, "registration.reference")
	})
}

// Where an e-mail is registered and nobody reads it, it is told; whoever reads it stops everything.
func TestApprovalIsStopped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ref := h.unprovenOf("FX002")
		l := h.letters()
		if len(l) != 2 || l[1].Kind != "approval attempted" || l[1].Approval.To.String() != "shop@rowan.example" {
			t.Fatalf("%+v", l)
		}
		want(t, "not us", h.s.NotUs(ctx, h.visitor, l[1].Approval.NotUs), "")
		olive := peopletest.As(h.Person("Olive", "Operator"))
		_, err := h.s.Approve(ctx, olive, ref, registration.Desk)
		want(t, "approved", err, "registration.approve-none")
		if tasks, _ := h.s.Tasks(ctx, 10); len(tasks) != 1 || tasks[0].Kind != registration.TaskNotUs {
			t.Errorf("%+v", tasks)
		}
		_, err = h.s.AskApproval(ctx, h.visitor, "FX002", unproven)
		want(t, "again", err, "registration.frozen")
	})
}

// The head office of a premises is told too, and sees no passcode.
func TestHeadOfficeIsToldOfApprovals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		if _, err := h.Places.Add(ctx, peopletest.Operator, organisation.Organisation{Kind: organisation.HeadOffice, Code: "P001", Name: "Rowan Group", Place: "Leeds"}); err != nil {
			t.Fatal(err)
		}
		if err := h.Places.SetCentral(ctx, peopletest.Operator, organisation.Central{Group: "P001", Contact: "Ines", Email: haven.MustAddress("ines@group.example")}); err != nil {
			t.Fatal(err)
		}
		_, err := h.s.AskApproval(ctx, h.visitor, "FX004", unproven)
		want(t, "of a group that registers itself", err, "registration.central")
		if err := h.Places.Release(ctx, peopletest.Operator, "FX004"); err != nil {
			t.Fatal(err)
		}
		h.letters()
		h.unprovenOf("FX004")
		l := h.one("approval attempted")
		if l.Approval.To.String() != "ines@group.example" || l.Approval.Passcode != "" || l.Approval.NotUs == "" {
			t.Errorf("%+v", l.Approval)
		}
		want(t, "not ours", h.s.NotUs(ctx, h.visitor, l.Approval.NotUs), "")
	})
}

// Nobody approves for the own premises or for oneself, and one is refused with a reason that who applied reads.
func TestApprovalIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ref := h.unprovenOf("FX004")
		works, applied, olive := h.Person("Wyn", "Works"), h.known(person("Ann", "Example", 1)), h.Person("Olive", "Operator")
		o, err := h.Places.ByCode(ctx, "FX004")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Places.AddPost(ctx, peopletest.Operator, organisation.Post{Person: works.No, Organisation: o.ID, Role: "Staff"}); err != nil {
			t.Fatal(err)
		}
		for _, who := range []account.Account{works, applied} {
			_, err := h.s.Approve(ctx, peopletest.As(who), ref, registration.Desk)
			want(t, who.Display, err, "registration.approve-own")
		}
		want(t, "without a reason", h.s.RefuseApproval(ctx, peopletest.As(olive), ref, " "), "registration.refuse-reason")
		h.letters()
		want(t, "refused", h.s.RefuseApproval(ctx, peopletest.As(olive), ref, "Nobody there knows of it."), "")
		if l := h.letters(); len(l) != 1 || l[0].Kind != "not approved" || l[0].Approval.Reason != "Nobody there knows of it." || l[0].Approval.To.String() != unproven.Email {
			t.Errorf("%+v", l)
		}
		_, err = h.s.Approve(ctx, peopletest.As(olive), ref, registration.Desk)
		want(t, "approved after that", err, "registration.approve-none")
		_, err = h.s.Prove(ctx, h.visitor, string(ref), "00000000")
		want(t, "a passcode", err, "registration.refused")
		want(t, "of nobody", h.s.RefuseApproval(ctx, peopletest.As(olive), "HV-2222-2222", "No."), "registration.approve-none")
		if _, err := h.s.ApprovalOf(ctx, ref); !errs.Is(err, errs.NotFound) {
			t.Error(err)
		}

		// Nobody decides about another one.
		h.unprovenOf("FX004")
		h.letters()
		h.Clock.Advance(h.Policy.Registration.ApprovalFor + time.Minute)
		if err := h.s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if l := h.letters(); len(l) != 1 || !strings.Contains(l[0].Approval.Reason, "within 14 days") {
			t.Errorf("%+v", l)
		}
		if tasks, _ := h.s.Tasks(ctx, 10); len(tasks) != 0 {
			t.Errorf("%+v", tasks)
		}
		if left := h.number(`SELECT COUNT(*) FROM registration_unproven WHERE sealed IS NOT NULL`); left != 0 {
			t.Errorf("%d answers are kept", left)
		}
		for range h.Policy.Registration.Approvals {
			h.unprovenOf("FX004")
		}
		_, err = h.s.AskApproval(ctx, h.visitor, "FX004", unproven)
		want(t, "too many", err, "registration.approval-open")
		_, err = h.s.AskApproval(ctx, h.visitor, "FX004", registration.Unproven{})
		want(t, "nothing said", err, "registration.name")
		_, err = h.s.AskApproval(ctx, h.visitor, "FX999", unproven)
		want(t, "of no premises", err, "registration.unknown")
	})
}

func (h *house) number(sql string) (n int64) {
	h.t.Helper()
	if err := h.DB.Read(h.t.Context(), func(tx *db.Tx) error {
		return tx.Query(sql, nil, func(r db.Row) error { n = r.Int64(0); return nil })
	}); err != nil {
		h.t.Fatal(err)
	}
	return n
}
