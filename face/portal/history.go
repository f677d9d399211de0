package portal

import (
	"net/http"
	"net/url"

	"haven"
	"haven/face/portal/page"
	"haven/people/openinghours"
	"haven/platform/audit"
	"haven/platform/errs"
)

// historyRows is how much of the history one page shows.
const historyRows = 50

// accountHistory shows everybody the own.
func accountHistory(q *request) error {
	q.frame.Title, q.frame.Back = "What was done with my account", "/account"
	return q.showHistory("", "/account/history", q.ses.Person.ID)
}

// mailboxHistory shows the mailbox's to its owners: who was let in, and who sent as it.
func mailboxHistory(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = "What was done with the mailbox", mailboxPath(o)
	return q.showHistory(o.Account.Display, mailboxPath(o)+"/history", o.Account.ID)
}

func (q *request) showHistory(of, path string, id haven.AccountID) error {
	found, err := q.s.o.Audit(q.ctx(), id, audit.ParsePlace(q.r.FormValue("before")), historyRows)
	if err != nil {
		return err
	}
	v := page.HistoryView{Of: of}
	name := q.names()
	for _, e := range found {
		row, err := historyRow(e.Sealed, id, name)
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, row)
	}
	if len(found) == historyRows {
		v.Older = path + "?before=" + url.QueryEscape(found[len(found)-1].Place.String())
	}
	return q.show(http.StatusOK, page.HistoryPage(q.frame, v))
}

// names tells who has an account, and remembers it.
func (q *request) names() func(haven.AccountID) (string, error) {
	names := map[haven.AccountID]string{{}: "The service"}
	return func(id haven.AccountID) (string, error) {
		if known, ok := names[id]; ok {
			return known, nil
		}
		a, err := q.s.o.Accounts.ByID(q.ctx(), id)
		switch {
		case errs.Is(err, errs.NotFound):
			names[id] = "Somebody whose account is gone"
		case err != nil:
			return "", err
		default:
			names[id] = a.Display
		}
		return names[id], nil
	}
}

// historyRow is a record in words, as whoever has the account that is of may read it.
func historyRow(e audit.Sealed, of haven.AccountID, name func(haven.AccountID) (string, error)) (row page.HistoryRow, err error) {
	row = page.HistoryRow{When: e.At.In(openinghours.London).Format("2 January 2006 15:04"), What: inHistory[e.What], From: e.Actor.Place}
	if row.What == "" {
		row.What = e.What
	}
	if e.What == "handover.done" {
		row.What += ", " + e.Note // numbers, which is all that anybody reads of it
	}
	if row.Who, err = name(e.Actor.Person); err != nil {
		return row, err
	}
	for _, other := range []haven.AccountID{e.On, e.Other} { // whom else it concerns
		if other.IsZero() || other == of || other == e.Actor.Person {
			continue
		}
		who, err := name(other)
		if err != nil {
			return row, err
		}
		row.What += ": " + who
	}
	if !e.Actor.As.IsZero() && e.Actor.As != e.Actor.Person && e.Actor.As != of {
		as, err := name(e.Actor.As)
		if err != nil {
			return row, err
		}
		row.What += ", as " + as
	}
	return row, nil
}

// inHistory says in words what was done; a test holds it against what is recorded.
var inHistory = map[string]string{
	"account.alias-added":             "A further address was given",
	"account.alias-ended":             "An address was taken away",
	"account.app-password-made":       "A password for a mail program was made",
	"account.app-password-revoked":    "A password for a mail program was revoked",
	"account.contact-proven":          "A mobile number or e-mail was proven",
	"account.contact-removed":         "A mobile number or e-mail was taken away",
	"account.contact-set":             "A mobile number or e-mail was set",
	"account.created":                 "The account was made",
	"account.locked":                  "The account was locked for places where nobody had logged in before, after wrong passwords",
	"account.password-set":            "The password was changed",
	"account.programs-opened":         "Opened to mail programs",
	"account.programs-shut":           "Shut to mail programs",
	"account.record-taken":            "Took the own record as a file",
	"account.renamed":                 "The name was changed",
	"account.unlocked":                "The lock was ended",
	"activation.done":                 "The account was activated",
	"activation.invited":              "The username and a temporary password were sent",
	"activation.mobile-shown":         "It was chosen whether the directory shows the mobile number",
	"activation.policy-accepted":      "The rules of use were accepted",
	"activation.policy-published":     "New rules of use were published",
	"activation.questions-set":        "The security questions were set",
	"audit.exported":                  "The records were exported",
	"delivery.released":               "A letter that was held was released",
	"delivery.submitted":              "A letter was sent",
	"directory.limit-reached":         "The directory was searched as often as one person may in a day",
	"handover.counted":                "An owner was told how many letters there are to hand over",
	"handover.done":                   "Own letters were handed over to the mailbox",
	"handover.refused":                "Own letters were not handed over to the mailbox",
	"helpdesk.call-closed":            "A call was closed",
	"helpdesk.call-opened":            "The helpdesk or the local team was asked",
	"helpdesk.details-sent":           "The lost details were sent to the e-mail on file",
	"leaver.disputed":                 "Said that the end of a post was wrong",
	"leaver.joined":                   "Somebody without a place of work was taken on",
	"leaver.left":                     "A place of work was left",
	"legal.set":                       "Wrote down the legal particulars",
	"linklist.removed":                "A place on the web was taken off the list of links",
	"linklist.set":                    "The list of links says something else of a place on the web",
	"lockout.code-asked":              "A code to open the locked account was asked for",
	"lockout.code-refused":            "A code to open the locked account was wrong",
	"lockout.opened":                  "The locked account was opened for one browser",
	"lockout.told":                    "The person was told that the account was locked",
	"locum.code-made":                 "A code to be let in as a locum was shown",
	"locum.code-wrong":                "A locum's code was wrong",
	"locum.colleagues-allowed":        "Colleagues may let locums in",
	"locum.colleagues-not-allowed":    "Only owners may let locums in",
	"locum.let-in":                    "A locum was let in",
	"mailbox.undeleted":               "Deleted mail was put back",
	"notify.opened":                   "A notice to the outside was opened by an operator",
	"openinghours.exception":          "A day with other opening hours was added",
	"openinghours.plain":              "A day with other opening hours was taken away",
	"openinghours.week":               "The opening hours were changed",
	"passkey.added":                   "A passkey was added",
	"passkey.refused":                 "A passkey was not good",
	"passkey.removed":                 "A passkey was taken away",
	"post.added":                      "A place of work was added",
	"post.ended":                      "A place of work was ended",
	"profile.about-set":               "What colleagues read of the work was changed",
	"profile.code-refused":            "A code to a new mobile number or e-mail was wrong",
	"profile.code-sent":               "A code was sent to a new mobile number or e-mail",
	"profile.job-set":                 "The job title was changed",
	"profile.telephone-set":           "The telephone number was changed",
	"push.ended":                      "A browser or phone is told of new mail no more",
	"push.subscribed":                 "A browser or phone is to be told of new mail",
	"registration.approval":           "An application without a passcode was approved by one person",
	"registration.approval-refused":   "An approval did not count",
	"registration.corrected":          "A mobile number or e-mail was corrected before the account was activated",
	"registration.further":            "One more account was asked for",
	"registration.further-granted":    "One more account was granted",
	"registration.further-refused":    "One more account was refused",
	"registration.refused":            "An application without a passcode was refused",
	"registration.submitted":          "The premises was registered",
	"registration.unproven":           "Somebody applied without a passcode",
	"request.accepted":                "Another name or job title was accepted",
	"request.made":                    "Another name or job title was asked for",
	"request.refused":                 "Another name or job title was refused",
	"request.withdrawn":               "A request for another name or job title was taken back",
	"reset.asked":                     "A new password was asked for",
	"reset.done":                      "A forgotten password was replaced by a new one",
	"reset.refused":                   "What was shown for a new password was not good",
	"review.made":                     "An owner looked who has access, and confirmed it",
	"second-factor.codes-renewed":     "New recovery codes were made",
	"second-factor.owner-refused":     "An owner was turned back for want of the second step",
	"second-factor.place-trusted":     "A browser was trusted",
	"second-factor.places-distrusted": "No browser is trusted any more",
	"second-factor.recovery-used":     "A recovery code was used",
	"second-factor.refused":           "A code of the second step was wrong",
	"second-factor.removed":           "The app with codes was taken away",
	"second-factor.required":          "The second step was asked for",
	"second-factor.set-up":            "The second step was set up",
	"sending.canceled":                "A letter that waited to be sent was called back",
	"session.closed":                  "Logged out",
	"session.locked":                  "Locked the pages",
	"session.opened":                  "Logged in",
	"session.revoked":                 "A log in was ended from elsewhere",
	"sharedmailbox.about-set":         "What is said about the mailbox was changed",
	"sharedmailbox.member-granted":    "Access to the mailbox was given or changed",
	"sharedmailbox.member-removed":    "Access to the mailbox was taken away",
	"sharedmailbox.ownerless":         "The mailbox was left without an owner",
	"sharedmailbox.reading-set":       "Who counts as having read a letter was changed",
	"sieve.active":                    "A filter was turned on or off",
	"sieve.deleted":                   "A filter was deleted",
	"sieve.put":                       "A filter was written",
	"sieve.renamed":                   "A filter was given another name",
	"signature.set":                   "The signature was changed",
	"vacation.set":                    "The automatic reply was changed",
	"vouch.confirmed":                 "The vouching was confirmed",
	"vouch.denied":                    "The person said that somebody else was vouched for",
	"vouch.ended":                     "A vouching has ended",
	"vouch.given":                     "An owner vouched for the person, who got a new password",
	"vouch.lifted":                    "The limit after a vouching was ended by whoever runs the service",
	"vouch.link-sent":                 "The link to confirm a vouching was sent again",
	"vouch.refused":                   "An owner tried to vouch for the person, and might not",
	"work.checked":                    "The mailbox was checked at the start of a day",
	"work.climbed":                    "Something was not done in time, and those were told who answer for it",
	"work.filed":                      "A message was filed to a patient's record",
	"work.filing-taken-back":          "It was taken back that a message was filed to a patient's record",
	"work.released":                   "What somebody handled became new again, since that person's access ended",
	"work.reply-stopped":              "A second answer was stopped before it was sent",
}
