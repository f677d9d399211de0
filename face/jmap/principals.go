package jmap

import (
	"context"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/people/directory"
	"haven/people/openinghours"
)

const (
	principalsURN = "urn:ietf:params:jmap:principals"
	ownerURN      = "urn:ietf:params:jmap:principals:owner"
)

// Directory shows people and the mailboxes of premises to people; *directory.Service does. What it does not show is not there.
type Directory interface {
	// Search finds entries by the beginnings of words, and counts: Invalid for what is too short to look for, TooMany at the day's limit,
	// Denied for who may not search.
	Search(ctx context.Context, actor haven.Actor, text string) (directory.Found, error)
	// ByID shows entries whose ids are known, in any order.
	ByID(ctx context.Context, actor haven.Actor, ids []haven.AccountID) ([]directory.Entry, error)
}

// principalMethods are those of RFC 9670 §2. Principals live in the person's own account (docs/decisions/031).
var principalMethods = map[string]method{
	"Principal/get":          {principalsURN, func(c *call) (any, error) { return c.get(principals{}) }},
	"Principal/changes":      {principalsURN, func(c *call) (any, error) { return c.changes(principals{}) }},
	"Principal/set":          {principalsURN, func(c *call) (any, error) { return c.setAs(haven.Read, principals{}) }},
	"Principal/query":        {principalsURN, func(c *call) (any, error) { return c.query(principals{}) }},
	"Principal/queryChanges": {principalsURN, func(c *call) (any, error) { return c.queryChanges(principals{}) }},
}

// principalsCapability is what RFC 9670 §1.5.1 says of an account: Principals are in the own one alone.
func principalsCapability(a Account) any {
	if !a.Personal {
		return nil
	}
	return record{"currentUserPrincipalId": principalID(a.ID)}
}

// ownerCapability is what RFC 9670 §1.5.2 says of an account: whose it is, and in which account that Principal is. It is nil where Principals are
// in none, as for whoever signed in to one shared mailbox.
func (s *Server) ownerCapability(accounts []Account, of Account) any {
	for _, a := range accounts {
		if s.supports(a, principalsURN) {
			return record{"accountIdForPrincipal": a.JMAP(), "principalId": principalID(of.ID)}
		}
	}
	return nil
}

// principalID is the id of whose account has an id.
func principalID(id haven.AccountID) string { return "P" + id.String() }

func parsePrincipalID(s string) (haven.AccountID, bool) {
	text, ok := strings.CutPrefix(s, "P")
	id, is := haven.ParseAccountID(text)
	return id, ok && is
}

// principals is the type Principal (RFC 9670 §2): the people and mailboxes of the directory.
type principals struct{}

var principalShape = Shape{
	{"id", "PrincipalId", ServerSet, ""},
	{"type", `"individual" | "group"`, ServerSet, "a mailbox of premises is a group"},
	{"name", "string", ServerSet, ""},
	{"description", "string | null", ServerSet, "what somebody does and where; what owners say about a mailbox"},
	{"email", "string | null", ServerSet, ""},
	{"timeZone", "string | null", ServerSet, ""},
	{"capabilities", "Record<string, never>", ServerSet, ""},
	{"accounts", "IdMap<AccountId, Account> | null", ServerSet, "that the session opens"},
}

var principalProperties = principalShape.names()

func (principals) Properties() (all, usual []string) {
	return principalProperties, principalProperties
}

// State is another one each time: the directory has no log, since a list of who changed would be a list of who there is.
func (principals) State(*call, mailbox.Viewer) (string, error) { return randomText(), nil }

// All refuses: nobody lists everybody (Rules 8).
func (principals) All(*call, mailbox.Viewer) ([]string, error) {
	return nil, fail("requestTooLarge", "Nobody lists the whole directory. Search it with Principal/query.")
}

func (principals) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	known := make([]haven.AccountID, 0, len(ids))
	for _, name := range ids {
		if id, ok := parsePrincipalID(name); ok {
			known = append(known, id)
		}
	}
	entries, err := c.srv.o.Directory.ByID(c.ctx, c.actor(c.accountID(v)), known)
	for _, e := range entries {
		add(principalID(e.Account.ID), c.principal(e))
	}
	return err
}

// principal is an entry as a Principal.
func (c *call) principal(e directory.Entry) record {
	return record{"type": principalType(e), "name": e.Account.Display, "description": orNullText(describe(e)), "email": orNullText(e.Account.Address.String()),
		"timeZone": orNullText(zoneOf(e)), "capabilities": record{}, "accounts": c.accountsOf(e)}
}

// principalType is what an entry is: a mailbox of premises is a group of those who share it.
func principalType(e directory.Entry) string {
	if e.Account.Kind == haven.Shared {
		return "group"
	}
	return "individual"
}

// describe says what somebody does and where, and what owners say about a mailbox.
func describe(e directory.Entry) string {
	says := []string{e.Job}
	for _, p := range e.Places {
		says = append(says, joined(", ", p.Name, p.Town))
	}
	return joined("; ", append(says, e.About)...)
}

// joined joins those of some texts that say something.
func joined(by string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), by)
}

// zoneOf is the time zone of a place of work, which is that of opening hours.
func zoneOf(e directory.Entry) string {
	if len(e.Places) == 0 {
		return ""
	}
	return openinghours.London.String()
}

// accountsOf are the accounts of a Principal that the session opens; null for none.
func (c *call) accountsOf(e directory.Entry) any {
	for _, a := range c.run.accounts {
		if a.ID == e.Account.ID {
			return record{a.JMAP(): c.srv.accountObject(c.run.accounts, a)}
		}
	}
	return nil
}

// Changes can't be told.
func (principals) Changes(*call, mailbox.Viewer, string, int) (changed, error) {
	return changed{}, errCantCalculate
}

// QueryChanges can't be told.
func (principals) QueryChanges(*call, mailbox.Viewer, asking, string) (delta, error) {
	return delta{}, errCantCalculate
}

// Set refuses all alike, whoever there is: people change what is said of them on the pages.
func (principals) Set(_ *call, _ mailbox.Viewer, s *setting) error {
	refuseAll(s, refuse("forbidden", "The directory is changed on the pages, not here."))
	return nil
}

// refuseAll answers everything that a /set asks with one error.
func refuseAll(s *setting, err error) {
	refuseEdits(s, err)
	for _, id := range s.Destroy {
		s.NotDestroyed(id, err)
	}
}

// refuseEdits answers what a /set asks to be made or changed with one error.
func refuseEdits(s *setting, err error) {
	for _, x := range s.Create {
		s.NotCreated(x.CID, err)
	}
	for _, u := range s.Update {
		s.NotUpdated(u.ID, err)
	}
}
