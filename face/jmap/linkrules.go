package jmap

import (
	"cmp"
	"context"
	"hash/fnv"
	"slices"
	"strconv"

	"haven"
	"haven/mail/mailbox"
	"haven/people/linklist"
)

// linksURN is where letters may lead, as head offices say: docs/jmap-links.md.
const linksURN = "urn:haven:links"

// Links knows what is said of the places to which letters lead; linklist.Service does.
type Links interface {
	Of(ctx context.Context, no haven.AccountNo) ([]linklist.Entry, error)
}

var linkMethods = map[string]method{
	"LinkRule/get": {linksURN, func(c *call) (any, error) { return c.get(linkRules{}) }},
}

// linkRules is the type LinkRule: what a head office says of a place. Only those who run the service change it.
type linkRules struct{}

var linkRuleShape = Shape{
	{"id", "LinkRuleId", ServerSet, ""},
	{"host", "string", ServerSet, "in small letters, others than a to z as browsers write them"},
	{"isBelow", "boolean", ServerSet, "it holds for all hosts below it too"},
	{"verdict", `"allow" | "warn" | "block"`, ServerSet, ""},
	{"reason", "string | null", ServerSet, "null for what is allowed without one"},
	{"decidedBy", "string", ServerSet, "the name of the head office, or of the premises that has none"},
	{"decidedAt", "UTCDate", ServerSet, ""},
}

var linkRuleProperties = linkRuleShape.names()

func (linkRules) Properties() (all, usual []string) { return linkRuleProperties, linkRuleProperties }

// State is another one whenever something of a list is.
func (linkRules) State(c *call, v mailbox.Viewer) (string, error) {
	all, err := c.srv.o.Links.Of(c.ctx, v.Account)
	h := fnv.New64a()
	for _, e := range all {
		for _, part := range []string{linkID(e), e.Verdict.String(), e.Reason, e.By, date(e.At)} {
			_, _ = h.Write([]byte(part + "\x00")) // never fails (hash.Hash)
		}
	}
	return strconv.FormatUint(h.Sum64(), 36), err
}

// linkID names an entry by its list and its place.
func linkID(e linklist.Entry) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(e.Group) + " " + e.Pattern.String())) // never fails (hash.Hash)
	return "L" + strconv.FormatUint(h.Sum64(), 36)
}

// All are as many as one call gives, what is blocked first: who is in several groups loses what is allowed before what is not.
func (linkRules) All(c *call, v mailbox.Viewer) ([]string, error) {
	all, err := c.srv.o.Links.Of(c.ctx, v.Account)
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b linklist.Entry) int { return cmp.Compare(b.Verdict, a.Verdict) })
	return idsOf(all[:min(len(all), c.srv.o.Policy.Get)], linkID), err
}

func (linkRules) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	all, err := c.srv.o.Links.Of(c.ctx, v.Account)
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	for _, e := range all {
		if id := linkID(e); wanted[id] {
			r := record{"host": e.Pattern.Host, "isBelow": e.Pattern.Below, "verdict": e.Verdict.String(), "reason": nil, "decidedBy": e.By, "decidedAt": date(e.At)}
			if e.Reason != "" {
				r["reason"] = e.Reason
			}
			add(id, r)
		}
	}
	return err
}

// linkCapability: whoever opens an account sees what is said of the places to which its letters lead.
func linkCapability(a Account) any {
	if !a.Rights.Has(haven.Read) {
		return nil
	}
	return record{}
}
