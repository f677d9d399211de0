package jmap

import (
	"strings"

	"haven"
	"haven/mail/mailbox"
)

const quotaURN = "urn:ietf:params:jmap:quota"

// quotaMethods are those of RFC 9425. An account has one Quota, of octets, where it has a limit at all.
var quotaMethods = map[string]method{
	"Quota/get":          {quotaURN, func(c *call) (any, error) { return c.get(quotas{}) }},
	"Quota/changes":      {quotaURN, func(c *call) (any, error) { return c.changes(quotas{}) }},
	"Quota/query":        {quotaURN, func(c *call) (any, error) { return c.query(quotas{}) }},
	"Quota/queryChanges": {quotaURN, func(c *call) (any, error) { return c.queryChanges(quotas{}) }},
}

// quotas is the type Quota (RFC 9425 §4).
type quotas struct{}

const (
	quotaID   = "octets"
	quotaName = "Mailbox"
)

var quotaShape = Shape{
	{"id", "QuotaId", ServerSet, ""},
	{"resourceType", `"octets"`, ServerSet, ""},
	{"used", "UnsignedInt", ServerSet, ""},
	{"hardLimit", "UnsignedInt", ServerSet, "beyond it nothing is taken"},
	{"warnLimit", "UnsignedInt | null", ServerSet, "beyond it people are to be warned"},
	{"softLimit", "UnsignedInt | null", ServerSet, ""},
	{"scope", `"account"`, ServerSet, ""},
	{"name", "string", ServerSet, ""},
	{"description", "string | null", ServerSet, ""},
	{"types", "string[]", ServerSet, "of data that it counts"},
}

var quotaProperties = quotaShape.names()

func (quotas) Properties() (all, usual []string) { return quotaProperties, quotaProperties }

// State is another one whenever messages came or went.
func (quotas) State(c *call, v mailbox.Viewer) (string, error) { return threads{}.State(c, v) }

func (quotas) All(c *call, v mailbox.Viewer) ([]string, error) {
	q, err := c.srv.o.Mail.Quota(c.ctx, v)
	if err != nil || q.LimitBytes == 0 {
		return nil, err
	}
	return []string{quotaID}, nil
}

func (t quotas) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	q, err := c.srv.o.Mail.Quota(c.ctx, v)
	if err != nil || q.LimitBytes == 0 {
		return err
	}
	for _, id := range ids {
		if id == quotaID {
			add(id, record{"resourceType": "octets", "used": q.Bytes, "hardLimit": q.LimitBytes, "warnLimit": q.LimitBytes / 10 * 9, "softLimit": nil,
				"scope": "account", "name": quotaName, "description": "Room for the messages of this mailbox, with what is attached to them.", "types": []string{"Email"}})
		}
	}
	return nil
}

// Changes says of the one Quota whether more or less of it is used.
func (t quotas) Changes(c *call, v mailbox.Viewer, since string, _ int) (changed, error) {
	from, err := pointOf(since)
	if err != nil {
		return changed{}, err
	}
	st, err := c.states(v)
	if err != nil {
		return changed{}, err
	}
	if from.Epoch != st.Epoch || from.Seq > st.Mail {
		return changed{}, errCantCalculate
	}
	ch := changed{NewState: stateAt(st.Threads, st.Epoch), Extra: record{"updatedProperties": []string{"used"}}}
	if from.Seq < st.Threads {
		ch.Updated, err = t.All(c, v)
	}
	return ch, err
}

func (t quotas) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	state, err := t.State(c, v)
	if err != nil {
		return found{}, err
	}
	match, err := quotaFilter(q.Filter)
	if err != nil {
		return found{}, err
	}
	for _, s := range q.Sort {
		if s.Property != "name" && s.Property != "used" {
			return found{}, fail("unsupportedSort", "Quotas are sorted by name and used.")
		}
		if err := sortDone(s); err != nil {
			return found{}, err
		}
	}
	ids, err := t.All(c, v)
	if len(ids) > 0 && !match(quotaID) {
		ids = nil
	}
	return found{State: state, IDs: names(ids), Calculate: true}, err
}

// quotaFilter reads a filter: a name contains what is said, all else is as it is said (RFC 9425 §4.4).
func quotaFilter(f *filter) (func(string) bool, error) {
	if f == nil {
		return func(string) bool { return true }, nil
	}
	if f.Condition == nil {
		return combine(f, quotaFilter)
	}
	o := f.Condition
	fits := true
	if text, ok := o.OptString("name"); ok {
		fits = strings.Contains(quotaName, text)
	}
	for name, want := range map[string]string{"scope": "account", "resourceType": "octets", "type": "Email"} {
		if text, ok := o.OptString(name); ok {
			fits = fits && text == want
		}
	}
	return func(string) bool { return fits }, conditionDone(o)
}

func (t quotas) QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error) {
	f, err := t.Query(c, v, q)
	if err != nil {
		return delta{}, err
	}
	ch, err := t.Changes(c, v, since, 0)
	return delta{found: f, Touched: ch.Updated}, err
}

// quotaCapability: whoever opens an account sees its quota.
func quotaCapability(a Account) any {
	if !a.Rights.Has(haven.Read) {
		return nil
	}
	return record{}
}
