package jmap

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"haven"
)

// capability is one URN of RFC 8620 §2, with what it says of the session and of an account.
type capability struct {
	urn     string
	session func(v *visit) any
	account func(a Account) any // nil, or a nil answer: accounts don't have it
}

const coreURN = "urn:ietf:params:jmap:core"

// capabilities is all that the face can.
func (s *Server) capabilities() []capability {
	all := []capability{
		{coreURN, func(*visit) any { return s.core() }, nil},
		{mailURN, func(*visit) any { return record{} }, s.mailCapability},
		{quotaURN, func(*visit) any { return record{} }, quotaCapability},
		{socketURN, func(v *visit) any { return socketCapability(v) }, nil},
	}
	if s.o.Blobs != nil {
		all = append(all, capability{blobURN, func(*visit) any { return record{} }, s.blobCapability})
	}
	if s.o.Vacations != nil {
		all = append(all, capability{vacationURN, func(*visit) any { return record{} }, vacationCapability})
	}
	if s.o.Directory != nil {
		all = append(all, capability{principalsURN, func(*visit) any { return record{} }, principalsCapability})
	}
	if s.o.Filters != nil {
		all = append(all, capability{sieveURN, func(*visit) any { return record{"implementation": "Haven"} }, s.sieveCapability})
	}
	if s.o.Work != nil {
		all = append(all, capability{workURN, func(*visit) any { return record{} }, s.workCapability})
	}
	if s.o.Late != nil {
		all = append(all, capability{latenessURN, func(*visit) any { return record{} }, latenessCapability})
	}
	if s.o.Links != nil {
		all = append(all, capability{linksURN, func(*visit) any { return record{} }, linkCapability})
	}
	if s.o.Pushes != nil {
		all = append(all, capability{vapidURN, s.vapidCapability, nil})
	}
	if s.o.Submissions != nil {
		all = append(all, capability{submissionURN, func(*visit) any { return record{} }, s.submissionCapability})
	}
	if s.o.MDNs != nil {
		all = append(all, capability{mdnURN, func(*visit) any { return record{} }, mdnCapability})
	}
	return all
}

// core is what RFC 8620 §2 says of limits.
func (s *Server) core() record {
	p := s.o.Policy
	return record{"maxSizeUpload": p.UploadOctets, "maxConcurrentUpload": p.Uploads, "maxSizeRequest": p.RequestOctets,
		"maxConcurrentRequests": p.Requests, "maxCallsInRequest": p.Calls, "maxObjectsInGet": p.Get, "maxObjectsInSet": p.Set,
		"collationAlgorithms": []string{"i;ascii-casemap", "i;unicode-casemap"}}
}

// supports reports whether an account has a capability; what is of the session alone every account has.
func (s *Server) supports(a Account, urn string) bool {
	for _, c := range s.features {
		if c.urn == urn {
			return c.account == nil || c.account(a) != nil
		}
	}
	return false
}

// knows reports whether there is a capability of that name.
func (s *Server) knows(urn string) bool {
	for _, c := range s.features {
		if c.urn == urn {
			return true
		}
	}
	return false
}

// sessionObject is the session resource (RFC 8620 §2), without its state.
func (v *visit) sessionObject(accounts []Account) record {
	here := v.origin()
	caps, each, primary := record{}, record{}, record{}
	for _, c := range v.srv.features {
		caps[c.urn] = c.session(v)
	}
	for _, a := range accounts {
		each[a.JMAP()] = v.srv.accountObject(accounts, a)
		for _, c := range v.srv.features {
			if (a.Personal || v.session.Only == a.No) && c.account != nil && c.account(a) != nil {
				primary[c.urn] = a.JMAP()
			}
		}
	}
	return record{"capabilities": caps, "accounts": each, "primaryAccounts": primary, "username": v.session.Address.String(),
		"apiUrl": here + apiPath, "uploadUrl": here + uploadPath + "{accountId}/",
		"downloadUrl":    here + downloadPath + "{accountId}/{blobId}/{name}?accept={type}",
		"eventSourceUrl": here + eventsPath + "?types={types}&closeafter={closeafter}&ping={ping}"}
}

// accountObject is an Account object (RFC 8620 §2), of one of a session's accounts.
func (s *Server) accountObject(accounts []Account, a Account) record {
	own := record{}
	for _, c := range s.features {
		if c.account == nil {
			continue
		}
		if of := c.account(a); of != nil {
			own[c.urn] = of
		}
	}
	if of := s.ownerCapability(accounts, a); of != nil {
		own[ownerURN] = of
	}
	return record{"name": a.label(), "isPersonal": a.Personal, "isReadOnly": !a.Rights.Has(haven.Write), "accountCapabilities": own}
}

// label is how an account is called in lists: by its name, and where it has none by its address.
func (a Account) label() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Address.String()
}

// stateOf is a session's state: another one whenever accounts, rights or capabilities are others (RFC 8620 §2).
func (s *Server) stateOf(who *Session, accounts []Account) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	_ = enc.Encode(who.Address.String()) // a hash takes all
	for _, a := range accounts {
		_ = enc.Encode([]any{a.JMAP(), a.label(), a.Personal, a.Rights})
		for _, c := range s.features {
			if c.account != nil {
				_ = enc.Encode([]any{c.urn, c.account(a)})
			}
		}
	}
	_ = enc.Encode(s.core())
	_ = enc.Encode(s.o.PushKey) // RFC 9749 §5: another key is another session
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// sessionResource answers GET /.well-known/jmap.
func (v *visit) sessionResource() error {
	accounts, err := v.srv.o.People.Accounts(v.ctx(), v.session)
	if err != nil {
		return err
	}
	o := v.sessionObject(accounts)
	o["state"] = v.srv.stateOf(v.session, accounts)
	if v.cookie {
		o[personMember], o["havenShared"], o["havenIdleSeconds"] = accountID(v.session.ID), v.session.Shared, int64(v.session.Idle/time.Second)
		o["havenOfflineSeconds"] = int64(v.session.Offline / time.Second)
	}
	v.write(http.StatusOK, "application/json", o)
	return nil
}

// personMember is where a page learns what to say in Haven-Person.
const personMember = "havenPerson"
