package jmap

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/platform/errs"
)

const vacationURN = "urn:ietf:params:jmap:vacationresponse"

// Vacations keeps automatic replies; *vacation.Service is one.
type Vacations interface {
	Of(ctx context.Context, person, account haven.AccountNo) (vacation.Reply, error)
	Set(ctx context.Context, actor haven.Actor, w vacation.Whose, r vacation.Reply) error
}

// vacationMethods are those of RFC 8621 §8.
var vacationMethods = map[string]method{
	"VacationResponse/get": {vacationURN, func(c *call) (any, error) { return c.get(vacations{}) }},
	"VacationResponse/set": {vacationURN, func(c *call) (any, error) { return c.setAs(haven.Manage, vacations{}) }},
}

// vacationCapability: an automatic reply is its person's, and in a shared mailbox its owners'.
func vacationCapability(a Account) any {
	if !a.Rights.Has(haven.Manage) {
		return nil
	}
	return record{}
}

// vacations is the type VacationResponse (RFC 8621 §8): one object, named singleton.
type vacations struct{}

var vacationShape = Shape{
	{"id", `"singleton"`, ServerSet, ""},
	{"isEnabled", "boolean", 0, ""},
	{"fromDate", "UTCDate | null", 0, ""},
	{"toDate", "UTCDate | null", 0, ""},
	{"subject", "string | null", 0, ""},
	{"textBody", "string | null", 0, ""},
	{"htmlBody", "null", 0, "automatic replies are plain text"},
}

var vacationProperties = vacationShape.names()

func (vacations) Properties() (all, usual []string) { return vacationProperties, vacationProperties }

func (vacations) State(c *call, v mailbox.Viewer) (string, error) {
	return vacationState(c.ctx, c.srv.o.Vacations, v)
}

// vacationState is made of what the reply says: it is the same where that is.
func vacationState(ctx context.Context, of Vacations, v mailbox.Viewer) (string, error) {
	r, err := of.Of(ctx, v.Person, v.Account)
	if err != nil {
		return "", err
	}
	return replyState(r)
}

func replyState(r vacation.Reply) (string, error) {
	text, err := json.Marshal(r)
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12]), err
}

// VacationStates is the state of VacationResponse in an account, for what is pushed (RFC 8620 §7.1); none for who does not say what it answers.
func VacationStates(ctx context.Context, of Vacations, v mailbox.Viewer) (map[string]string, error) {
	state, err := vacationState(ctx, of, v)
	if errs.Is(err, errs.Denied) || errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return map[string]string{"VacationResponse": state}, err
}

func (vacations) All(*call, mailbox.Viewer) ([]string, error) { return []string{singleton}, nil }

func (vacations) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	r, err := c.srv.o.Vacations.Of(c.ctx, v.Person, v.Account)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id == singleton {
			add(id, vacationObject(r))
		}
	}
	return nil
}

func vacationObject(r vacation.Reply) record {
	return record{"isEnabled": r.On, "fromDate": dateOrNull(r.From), "toDate": dateOrNull(r.Until), "subject": orNullText(r.Subject),
		"textBody": orNullText(r.Inside), "htmlBody": nil}
}

func (t vacations) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		s.NotCreated(x.CID, errSingleton)
	}
	for _, id := range s.Destroy {
		s.NotDestroyed(id, errSingleton)
	}
	for _, u := range s.Update {
		err := error(errNotFound)
		if u.ID == singleton {
			err = t.update(c, v, u.Patch, s.IfInState)
		}
		if errors.Is(err, errStateMismatch) {
			return err
		}
		if err != nil {
			s.NotUpdated(u.ID, vacationError(err))
		} else {
			s.Updated(u.ID, nil)
		}
	}
	return nil
}

// vacationError is why a reply is not as it was to be.
func vacationError(err error) error {
	if errs.Is(err, errs.Invalid) {
		return refuse("invalidProperties", errs.Say(err), "textBody", "fromDate", "toDate", "subject")
	}
	return err
}

// patchTries is how often a patch is tried that others' changes come between.
const patchTries = 5

// update patches the reply as it is when that is written. What somebody else changed meanwhile stays, or is errStateMismatch where a state was asked for.
func (t vacations) update(c *call, v mailbox.Viewer, p patch, state string) (err error) {
	if err := p.Only(vacationProperties...); err != nil {
		return err
	}
	for range patchTries {
		r, failed := c.srv.o.Vacations.Of(c.ctx, v.Person, v.Account)
		if failed != nil {
			return failed
		}
		is, failed := replyState(r)
		if failed != nil {
			return failed
		}
		if state != "" && is != state {
			return errStateMismatch
		}
		if err = t.patch(c, v, p, r); !hasRule(err, vacation.RuleChanged) {
			return err
		}
	}
	return err
}

// patch sets the reply that p makes of r, as long as that is the one that stands.
func (t vacations) patch(c *call, v mailbox.Viewer, p patch, r vacation.Reply) error {
	before := vacationObject(r)
	before["id"] = singleton
	after, err := p.Apply(before)
	if err != nil {
		return err
	}
	if string(after.Raw("id")) != `"`+singleton+`"` {
		after.Bad("id", "can't be changed")
	}
	if after.Has("htmlBody") {
		after.Bad("htmlBody", "can't be set: automatic replies are plain text")
	}
	text := after.String("textBody")
	if r.Outside == r.Inside || r.Inside == "" { // on the pages strangers may get another text, or none; who chose that keeps it
		r.Outside = text
	}
	r.On, r.From, r.Until, r.Subject, r.Inside = after.Bool("isEnabled", false), after.UTCDate("fromDate"), after.UTCDate("toDate"), after.String("subject"), text
	if err := after.Done(); err != nil {
		return err
	}
	own := c.accountID(v)
	return c.srv.o.Vacations.Set(c.ctx, c.actor(own), vacation.Whose{Person: v.Person, Account: v.Account, ID: own, Since: &r.Version}, r)
}
