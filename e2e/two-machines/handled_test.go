package machines_test

import (
	"testing"
	"time"

	"haven/e2e/stage"
	"haven/face/jmap/jmapclient"
)

// TestHandledTogether: who handles what at one machine is told at once over a WebSocket of the other, with the states that the other's own methods give.
func TestHandledTogether(t *testing.T) {
	t.Parallel()
	first, second := newMachines(t, stage.JMAP)
	aisha, ben := first.Person("Aisha", "Rahman"), first.Person("Ben", "Whitlock")
	pharmacy := first.Pharmacy("FAA01", aisha, ben)
	first.Receive("surgery@outside.example", stage.Letter("surgery@outside.example", pharmacy, "Note", "1@outside.example", "Please dispense."), pharmacy)

	here, there := first.JMAP(aisha), second.JMAP(ben)
	box := ""
	for id, a := range here.Session.Accounts {
		if !a.Personal {
			box = id
		}
	}
	var found struct {
		List []struct{ ID, ThreadID string }
	}
	r, err := here.Call(t.Context(), jmapclient.Call{Name: "Email/query", Args: jmapclient.Args{"accountId": box}, ID: "q"},
		jmapclient.Call{Name: "Email/get", Args: jmapclient.Args{"accountId": box, "#ids": jmapclient.Ref("q", "Email/query", "/ids"), "properties": []string{"threadId"}}})
	if err == nil {
		err = r.Answers[1].Into(&found)
	}
	if err != nil || len(found.List) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	email, thread := found.List[0].ID, found.List[0].ThreadID
	ears := there.Listen()
	for _, does := range []struct {
		what, typ, method string
		args              jmapclient.Args
	}{
		{"marks", "Email", "Email/set", jmapclient.Args{"update": jmapclient.Args{email: jmapclient.Args{"keywords/$flagged": true}}}},
		{"claims", "WorkItem", "WorkItem/set", jmapclient.Args{"update": jmapclient.Args{thread: jmapclient.Args{"status": "handled"}}}},
		{"notes", "WorkNote", "WorkNote/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"threadId": thread, "text": "They ring back at 3."}}}},
		{"has to be done", "WorkDeadline", "WorkDeadline/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"threadId": thread, "rule": "discharge-referral", "withinSeconds": 86400}}}},
		{"files", "WorkFiling", "WorkFiling/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"emailId": email, "nhsNumber": "9990000018", "formats": []string{"pdf"}}}}},
		{"looks", "WorkPresence", "WorkPresence/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"threadId": thread, "doing": "viewing"}}}},
		{"writes", "WorkPresence", "WorkPresence/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"threadId": thread, "doing": "writing"}}}},
		{"leaves", "WorkPresence", "WorkPresence/set", jmapclient.Args{"destroy": []string{thread + "-" + here.Session.Own()}}},
		{"is done", "WorkItem", "WorkItem/set", jmapclient.Args{"update": jmapclient.Args{thread: jmapclient.Args{"status": "done"}}}},
		{"drafts", "Mailbox", "Mailbox/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"name": "Repeats"}}}},
	} {
		before := here.State(box, does.typ)
		began := time.Now()
		does.args["accountId"] = box
		here.Ask(does.method, does.args, &struct{}{})
		state := here.State(box, does.typ)
		ears.Within(began, box, does.typ, state)
		if at := there.State(box, does.typ); state == before || at != state {
			t.Errorf("%s: before %s, then %s, and %s at the second machine", does.what, before, state, at)
		}
	}
	mine := second.JMAP(aisha)
	hers, own, began := mine.Listen("VacationResponse"), mine.Session.Own(), time.Now()
	here.Ask("VacationResponse/set", jmapclient.Args{"accountId": own, "update": jmapclient.Args{"singleton": jmapclient.Args{"isEnabled": true, "textBody": "Away."}}}, &struct{}{})
	hers.Within(began, own, "VacationResponse", here.State(own, "VacationResponse"))

	first.Admin("member", "remove", pharmacy, ben.Address)
	began = time.Now()
	if now := second.JMAP(ben).Session; len(now.Accounts) == 1 {
		ears.Within(began, there.Session.Own(), "Session", now.State)
	} else {
		t.Errorf("who lost the mailbox opens %d accounts", len(now.Accounts))
	}
	first.Admin("account", "password", ben.Address)
	ears.Ends(time.Now(), "login.revoked")
}
