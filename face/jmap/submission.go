package jmap

import (
	"context"
	"strconv"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/sending"
)

// Submissions has letters sent; mail/sending is behind it.
type Submissions interface {
	Create(ctx context.Context, by sending.By, n sending.New) (sending.Submission, error)
	Cancel(ctx context.Context, by sending.By, id sending.ID, on haven.AccountID) error
	Destroy(ctx context.Context, by sending.By, id sending.ID) error
	State(ctx context.Context, v mailbox.Viewer) (mailbox.State, error)
	List(ctx context.Context, v mailbox.Viewer) ([]sending.Brief, mailbox.State, error)
	Get(ctx context.Context, v mailbox.Viewer, ids []sending.ID) ([]sending.Submission, error)
	Since(ctx context.Context, v mailbox.Viewer, from mailbox.State, most int) (sending.Changes, error)
	Limits() sending.Limits
}

const submissionURN = "urn:ietf:params:jmap:submission"

// submissionMethods are those of RFC 8621 §6 and §7.
var submissionMethods = map[string]method{
	"Identity/get":                 {submissionURN, func(c *call) (any, error) { return c.get(identities{}) }},
	"Identity/changes":             {submissionURN, func(c *call) (any, error) { return c.changes(identities{}) }},
	"Identity/set":                 {submissionURN, func(c *call) (any, error) { return c.setAs(haven.Read, identities{}) }},
	"EmailSubmission/get":          {submissionURN, func(c *call) (any, error) { return c.get(&submissions{}) }},
	"EmailSubmission/changes":      {submissionURN, func(c *call) (any, error) { return c.changes(&submissions{}) }},
	"EmailSubmission/query":        {submissionURN, func(c *call) (any, error) { return c.query(&submissions{}) }},
	"EmailSubmission/queryChanges": {submissionURN, func(c *call) (any, error) { return c.queryChanges(&submissions{}) }},
	"EmailSubmission/set":          {submissionURN, submissionSet},
}

// submissionCapability is what RFC 8621 §1.3.2 says of an account; nil for one that the person may not send from.
func (s *Server) submissionCapability(a Account) any {
	if a.Rights&(haven.SendAs|haven.SendOnBehalf) == 0 {
		return nil
	}
	l := s.o.Submissions.Limits()
	until := s.now().Add(l.Delay).UTC().Truncate(24 * time.Hour) // of the day, so that a session's state stands for one
	return record{"maxDelayedSend": int64(l.Delay / time.Second), "submissionExtensions": record{
		"FUTURERELEASE": []string{strconv.FormatInt(int64(l.Delay/time.Second), 10), date(until)}, "DSN": []string{}, "SIZE": []string{strconv.FormatInt(l.Octets, 10)},
		"8BITMIME": []string{}, "SMTPUTF8": []string{}}, "havenOnBehalf": !a.Rights.Has(haven.SendAs)}
}

// by is the session's person sending from an account.
func (c *call) by(v mailbox.Viewer) sending.By {
	s := c.session
	return sending.By{Viewer: v, Who: delivery.Submitter{Person: s.Person, ID: s.ID, Address: s.Address, Name: s.Name, ByProgram: s.ByProgram, Only: s.Only, Holds: s.Holds}}
}

// submissions is the type EmailSubmission (RFC 8621 §7).
type submissions struct {
	done map[string]sent // of a set
}

// sent is what a set did with a submission.
type sent struct {
	email string
	waits bool // it stands in Scheduled until it goes
}

var submissionShape = Shape{
	{"id", "EmailSubmissionId", ServerSet, ""},
	{"identityId", "IdentityId", Required | Immutable, ""},
	{"emailId", "EmailId", Required | Immutable, ""},
	{"threadId", "ThreadId", ServerSet, ""},
	{"envelope", "Envelope", Immutable, "where none is given, as the message says"},
	{"sendAt", "UTCDate", ServerSet, "as HOLDFOR or HOLDUNTIL of the envelope ask"},
	{"undoStatus", `"pending" | "final" | "canceled"`, UpdateOnly, "what is pending is called back with canceled"},
	{"deliveryStatus", "Record<string, DeliveryStatus> | null", ServerSet, "by address"},
	{"dsnBlobIds", "BlobId[]", ServerSet, "notices that came for it"},
	{"mdnBlobIds", "BlobId[]", ServerSet, "receipts that came for it"},
}

var submissionProperties = submissionShape.names()

func (*submissions) Properties() (all, usual []string) {
	return submissionProperties, submissionProperties
}

func (*submissions) State(c *call, v mailbox.Viewer) (string, error) {
	st, err := c.srv.o.Submissions.State(c.ctx, v)
	return stateAt(st.Seq, st.Epoch), err
}

func (*submissions) All(c *call, v mailbox.Viewer) (ids []string, err error) {
	all, _, err := c.srv.o.Submissions.List(c.ctx, v)
	for _, b := range all {
		ids = append(ids, sending.SubmissionID(b.ID))
	}
	return ids, err
}

func (*submissions) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	all, err := c.srv.o.Submissions.Get(c.ctx, v, submissionIDs(ids))
	for _, s := range all {
		add(sending.SubmissionID(s.ID), submissionObject(s))
	}
	return err
}

// submissionIDs leaves out what can't be an id.
func submissionIDs(ids []string) (out []sending.ID) {
	for _, id := range ids {
		if n, ok := sending.ParseSubmissionID(id); ok {
			out = append(out, n)
		}
	}
	return out
}

func submissionObject(s sending.Submission) record {
	return record{"identityId": sending.IdentityID(s.Identity), "emailId": emailID(s.Msg), "threadId": threadID(s.Thread), "envelope": envelopeObject(s.Envelope),
		"sendAt": date(s.SendAt), "undoStatus": s.Undo.String(), "deliveryStatus": statusObject(s.Status), "dsnBlobIds": emailIDs(s.DSNs), "mdnBlobIds": emailIDs(s.MDNs)}
}

func envelopeObject(e sending.Envelope) record {
	to := make([]any, len(e.To))
	for i, p := range e.To {
		to[i] = partyObject(p)
	}
	return record{"mailFrom": partyObject(e.From), "rcptTo": to}
}

func partyObject(p sending.Party) record {
	r := record{"email": p.Email, "parameters": nil}
	if len(p.Parameters) > 0 {
		r["parameters"] = p.Parameters
	}
	return r
}

// statusObject is deliveryStatus; null until anything is known.
func statusObject(all map[string]sending.Status) any {
	if all == nil {
		return nil
	}
	r := record{}
	for email, st := range all {
		r[email] = record{"smtpReply": st.Reply, "delivered": string(st.Delivered), "displayed": "unknown"}
	}
	return r
}

func (*submissions) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	from, err := pointOf(since)
	if err != nil || from.Origin != from.Seq {
		return changed{}, errCantCalculate
	}
	ch, err := c.srv.o.Submissions.Since(c.ctx, v, from.State, most)
	return changesOf(ch, err, sending.SubmissionID)
}

// changesOf is what changed as a client is told it.
func changesOf(ch sending.Changes, err error, name func(sending.ID) string) (changed, error) {
	if hasRule(err, sending.RuleStateLost) {
		return changed{}, errCantCalculate
	}
	named := func(ids []sending.ID) (out []string) {
		for _, id := range ids {
			out = append(out, name(id))
		}
		return out
	}
	return changed{NewState: stateAt(ch.Until.Seq, ch.Until.Epoch), More: ch.More, Created: named(ch.Created), Updated: named(ch.Updated), Destroyed: named(ch.Destroyed)}, err
}

// sendingStates gives the states of what is sent, and as whom.
type sendingStates interface {
	State(ctx context.Context, v mailbox.Viewer) (mailbox.State, error)
	IdentityState(ctx context.Context, v mailbox.Viewer) (mailbox.State, error)
}

// SubmissionStates are the states of the types of RFC 8621 §6 and §7 of an account, for what is pushed (RFC 8620 §7.1).
func SubmissionStates(ctx context.Context, s sendingStates, v mailbox.Viewer) (map[string]string, error) {
	st, err := s.State(ctx, v)
	if err != nil {
		return nil, err
	}
	as, err := s.IdentityState(ctx, v)
	return map[string]string{"EmailSubmission": stateAt(st.Seq, st.Epoch), "Identity": stateAt(as.Seq, as.Epoch)}, err
}
