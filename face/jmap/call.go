package jmap

import (
	"context"
	"encoding/json"
	"strings"

	"haven"
	"haven/mail/mailbox"
)

// method is what one name of a call does.
type method struct {
	capability string // must be in the request's using
	fn         func(c *call) (any, error)
}

// call is one method call of a request.
type call struct {
	ctx     context.Context
	srv     *Server
	session *Session
	args    *object // accountId is read by account
	name    string
	id      string // the client's, for the responses
	run     *run
	after   []invocation // what is called next
	left    *room        // nil: nothing was read yet
}

// run is a request under way: what its calls share.
type run struct {
	srv      *Server
	session  *Session
	turn     *turn
	using    map[string]bool
	created  map[string]string // creation id to id (RFC 8620 §3.3)
	accounts []Account
	answers  []answer
	octets   int64 // of the answers
	spent    int64 // octets that were read for blobs without being sent (spend)
	traced   int64 // octets that were gone through for references (trace)
}

// answer is one response of a request.
type answer struct {
	name   string
	id     string
	result json.RawMessage
}

// account is the account that the call names in accountId, as this session sees it. It is accountNotFound for whatever the person may not
// know of, accountReadOnly without the right to write, forbidden without another right of need, and accountNotSupportedByMethod where the
// account lacks the method's capability.
func (c *call) account(need haven.Rights) (mailbox.Viewer, error) {
	return c.accountOf("accountId", need)
}

// accountOf is account for an argument of another name, such as fromAccountId.
func (c *call) accountOf(argument string, need haven.Rights) (mailbox.Viewer, error) {
	c.args.Require(argument)
	a, err := c.find(c.args.String(argument), need)
	if e := c.args.Err(); e != nil {
		return mailbox.Viewer{}, e
	}
	return c.viewer(a.No), err
}

func (c *call) find(id string, need haven.Rights) (found Account, err error) {
	for _, a := range c.run.accounts {
		if a.JMAP() == id {
			found = a
		}
	}
	switch {
	case found.No == 0:
		return Account{}, errAccountNotFound
	case !c.srv.supports(found, c.srv.methods[c.name].capability):
		return Account{}, errNotSupported
	case need.Has(haven.Write) && !found.Rights.Has(haven.Write):
		return Account{}, errAccountReadOnly
	case !found.Rights.Has(need):
		return Account{}, fail("forbidden", "You may not do this with that account. Ask one of its owners.")
	}
	return found, nil
}

// viewer is the session's person looking at an account.
func (c *call) viewer(no haven.AccountNo) mailbox.Viewer { return c.session.viewer(no) }

func (s *Session) viewer(no haven.AccountNo) mailbox.Viewer {
	return mailbox.Viewer{Person: s.Person, Account: no, Place: s.Place, Program: s.Program, ByProgram: s.ByProgram}
}

// actor is the session's person acting for an account, for an audit record.
func (c *call) actor(as haven.AccountID) haven.Actor {
	return haven.Actor{Person: c.session.ID, As: as, Place: c.session.Place, Program: c.session.Program}
}

// resolve is the id that id stands for: itself, or with "#" that of what was created in this request, or by its createdIds; ok is false
// where that was not created.
func (c *call) resolve(id string) (string, bool) {
	of, is := strings.CutPrefix(id, "#")
	if !is {
		return id, true
	}
	id, ok := c.run.created[of]
	return id, ok
}

// also answers the call with a further response, after its own (RFC 8620 §3.4: all of one call have its id). It is for what follows from a
// method, such as the Email/set after an EmailSubmission/set.
func (c *call) also(name string, result any) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return c.run.add(answer{name, c.id, raw})
}
