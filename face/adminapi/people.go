package adminapi

import (
	"strings"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

type organisationIn struct {
	Kind  string `json:"kind" doc:"pharmacy, head-office, gp-practice, care-home, hospital, local-team, service-desk, locum or organisation"`
	Code  string `json:"code"`
	Name  string `json:"name"`
	Place string `json:"place"`
}

type organisationOut struct {
	Kind      string   `json:"kind"`
	Code      string   `json:"code"`
	Name      string   `json:"name"`
	Place     string   `json:"place"`
	Postcode  string   `json:"postcode,omitempty"`
	Status    string   `json:"status"`
	Parent    string   `json:"parent,omitempty" doc:"code of the head office"`
	Mailboxes []string `json:"mailboxes,omitempty" doc:"addresses"`
}

// kindWord is a kind of organisation as one word.
func kindWord(k organisation.Kind) string {
	return strings.ToLower(strings.ReplaceAll(k.String(), " ", "-"))
}

func kindOf(word string) (organisation.Kind, error) {
	for k := organisation.Pharmacy; k <= organisation.Other; k++ {
		if kindWord(k) == word {
			return k, nil
		}
	}
	return 0, errs.E(errs.Invalid, "%q is no kind of organisation.", word)
}

func outOrganisation(o organisation.Organisation) organisationOut {
	return organisationOut{Kind: kindWord(o.Kind), Code: string(o.Code), Name: o.Name, Place: o.Place, Postcode: o.Postcode, Status: o.Status.String(), Parent: string(o.Parent)}
}

func findOrganisations(q *request) (any, error) {
	n, err := q.limit()
	if err != nil {
		return nil, err
	}
	found, err := q.s.o.Places.Find(q.r.Context(), q.r.URL.Query().Get("find"), n)
	out := list[organisationOut]{Items: []organisationOut{}}
	for _, h := range found.Hits {
		out.Items = append(out.Items, organisationOut{Kind: kindWord(organisation.Pharmacy), Code: string(h.Code), Name: h.Name, Place: h.Place, Postcode: h.Postcode, Status: h.Status.String()})
	}
	return out, err
}

func (q *request) organisation(code string) (organisation.Organisation, error) {
	return q.s.o.Places.ByCode(q.r.Context(), organisation.Code(strings.ToUpper(strings.ReplaceAll(code, " ", ""))))
}

func getOrganisation(q *request) (any, error) {
	o, err := q.organisation(q.r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	boxes, err := q.s.o.Shared.Of(q.r.Context(), o.ID)
	if err != nil {
		return nil, err
	}
	out := outOrganisation(o)
	for _, no := range boxes {
		a, err := q.s.o.Accounts.ByNo(q.r.Context(), no)
		if err != nil {
			return nil, err
		}
		out.Mailboxes = append(out.Mailboxes, a.Address.String())
	}
	return out, nil
}

func addOrganisation(q *request) (any, error) {
	in, err := body[organisationIn](q)
	if err != nil {
		return nil, err
	}
	kind, err := kindOf(in.Kind)
	if err != nil {
		return nil, err
	}
	code, v := organisation.ParseCode(kind, in.Code)
	if !v.Allowed {
		return nil, account.Refusal(errs.Invalid, v)
	}
	o, err := q.s.o.Places.Add(q.r.Context(), q.actor, organisation.Organisation{Kind: kind, Code: code, Name: in.Name, Place: in.Place, Status: organisation.Active})
	return outOrganisation(o), err
}

type accountIn struct {
	First   string `json:"first"`
	Last    string `json:"last"`
	Address string `json:"address,omitempty" doc:"instead of first.last"`
}

type accountOut struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind" doc:"personal, shared or application"`
	State     string    `json:"state"`
	Display   string    `json:"display"`
	Address   string    `json:"address"`
	Created   time.Time `json:"created"`
	Addresses []string  `json:"addresses,omitempty" doc:"all of them, where one account was asked for"`
	Opens     []string  `json:"opens,omitempty" doc:"shared mailboxes that the person opens"`
}

func outAccount(a account.Account) accountOut {
	return accountOut{ID: a.ID.String(), Kind: a.Kind.String(), State: a.State.String(), Display: a.Display, Address: a.Address.String(), Created: a.Created}
}

// account finds what a word of the address names: by an address or an id.
func (q *request) account(word string) (account.Account, error) {
	text := q.r.PathValue(word)
	if id, ok := haven.ParseAccountID(text); ok {
		return q.s.o.Accounts.ByID(q.r.Context(), id)
	}
	addr, err := haven.ParseAddress(text)
	if err != nil {
		return account.Account{}, errs.E(errs.NotFound, "There is no such account.")
	}
	return q.s.o.Accounts.Resolve(q.r.Context(), addr)
}

// mailbox is account for a shared one.
func (q *request) mailbox() (account.Account, error) {
	a, err := q.account("mailbox")
	if err == nil && a.Kind != haven.Shared {
		err = errs.E(errs.NotFound, "There is no such shared mailbox.")
	}
	return a, err
}

func listAccounts(q *request) (any, error) {
	return q.accounts(func(account.Account) bool { return true })
}

func listMailboxes(q *request) (any, error) {
	return q.accounts(func(a account.Account) bool { return a.Kind == haven.Shared })
}

// looked is how many accounts one request reads at the most to find those that it lists.
const looked = 20_000

func (q *request) accounts(want func(account.Account) bool) (any, error) {
	n, err := q.limit()
	if err != nil {
		return nil, err
	}
	from := haven.AccountNo(0)
	if text := q.r.URL.Query().Get("after"); text != "" {
		id, _ := haven.ParseAccountID(text)
		a, err := q.s.o.Accounts.ByID(q.r.Context(), id)
		if err != nil {
			return nil, errs.E(errs.Invalid, "after names no account.")
		}
		from = a.No
	}
	out := list[accountOut]{Items: []accountOut{}}
	for seen := 0; seen < looked; {
		page, err := q.s.o.Accounts.List(q.r.Context(), from, mostAtOne)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for _, a := range page {
			if len(out.Items) == n {
				return out, nil
			}
			if seen, from, out.Next = seen+1, a.No, a.ID.String(); want(a) {
				out.Items = append(out.Items, outAccount(a))
			}
		}
		if len(page) < mostAtOne {
			out.Next = ""
			return out, nil
		}
	}
	return out, nil
}

func addAccount(q *request) (any, error) {
	in, err := body[accountIn](q)
	if err != nil {
		return nil, err
	}
	n := account.NewPersonal{First: in.First, Last: in.Last, State: account.Invited}
	if in.Address != "" {
		if n.Address, err = haven.ParseAddress(in.Address); err != nil {
			return nil, errs.E(errs.Invalid, "%v", err)
		}
	}
	a, err := q.s.o.Accounts.CreatePersonal(q.r.Context(), q.actor, n)
	return outAccount(a), err
}

func getAccount(q *request) (any, error) {
	a, err := q.account("account")
	if err != nil {
		return nil, err
	}
	out := outAccount(a)
	addresses, err := q.s.o.Accounts.Addresses(q.r.Context(), a.No, true)
	if err != nil {
		return nil, err
	}
	for _, addr := range addresses {
		out.Addresses = append(out.Addresses, addr.String())
	}
	if a.Kind != haven.Personal {
		return out, nil
	}
	opened, err := q.s.o.Shared.For(q.r.Context(), a.No)
	for _, o := range opened {
		out.Opens = append(out.Opens, o.Account.Address.String())
	}
	return out, err
}

type stateIn struct {
	State string `json:"state"`
}

type stateOut struct {
	State     string   `json:"state"`
	Ownerless []string `json:"ownerless,omitempty" doc:"mailboxes that a block left without an owner who can act: name one at once"`
	Operators int      `json:"operators" doc:"how many operators can act now; where it is 0, name one at once"`
}

func setState(q *request) (any, error) {
	in, err := body[stateIn](q)
	if err != nil {
		return nil, err
	}
	a, err := q.account("account")
	if err != nil {
		return nil, err
	}
	for _, st := range []account.State{account.Active, account.Inactive, account.Disabled, account.Leaver, account.Blocked} {
		if st.String() != in.State {
			continue
		}
		left, err := q.s.o.Shared.SetState(q.r.Context(), q.actor, a.No, st, "account.operator")
		out := stateOut{State: in.State}
		for _, addr := range left {
			out.Ownerless = append(out.Ownerless, addr.String())
		}
		if err == nil {
			out.Operators, err = q.s.o.Operators.Serving(q.r.Context())
		}
		return out, err
	}
	return nil, errs.E(errs.Invalid, "%q is no state; use active, inactive, disabled, leaver or blocked.", in.State)
}

func unlock(q *request) (any, error) {
	a, err := q.account("account")
	if err == nil {
		_, err = q.s.o.Accounts.Unlock(q.r.Context(), q.actor, a.No)
	}
	return nil, err
}

type programsIn struct {
	Open *bool `json:"open" doc:"false: it opens on the pages alone"`
}

type programsOut struct {
	Open bool `json:"open"`
}

func setPrograms(q *request) (any, error) {
	in, err := body[programsIn](q)
	if err != nil {
		return nil, err
	}
	if in.Open == nil {
		return nil, errs.E(errs.Invalid, "open is missing; write true or false.")
	}
	a, err := q.account("account")
	if err != nil {
		return nil, err
	}
	return programsOut{*in.Open}, q.s.o.Accounts.SetPrograms(q.r.Context(), q.actor, a.No, *in.Open)
}

type mailboxIn struct {
	Organisation string   `json:"organisation" doc:"code of the organisation"`
	Owners       []string `json:"owners" doc:"addresses, at least one"`
	Members      []string `json:"members,omitempty" doc:"addresses"`
}

func addMailbox(q *request) (any, error) {
	in, err := body[mailboxIn](q)
	if err != nil {
		return nil, err
	}
	o, err := q.organisation(in.Organisation)
	if err != nil {
		return nil, err
	}
	have, err := q.s.o.Shared.Of(q.r.Context(), o.ID)
	switch {
	case err != nil:
		return nil, err
	case len(have) > 0:
		return nil, errs.E(errs.Conflict, "%s has its mailbox already.", o.Code)
	case o.Status == organisation.Closed:
		return nil, errs.E(errs.Invalid, "%s is closed. If it shall have a mailbox all the same: haven admin mailbox add --closed-anyway.", o.Code)
	}
	spec := sharedmailbox.Spec{Kind: o.Kind, Organisation: o.ID, ODS: o.Code, Name: o.Name, Place: o.Place}
	if spec.Owners, err = q.numbers(in.Owners); err != nil {
		return nil, err
	}
	if spec.Members, err = q.numbers(in.Members); err != nil {
		return nil, err
	}
	a, err := q.s.o.Shared.Create(q.r.Context(), q.actor, spec)
	return outAccount(a), err
}

func (q *request) numbers(addresses []string) (all []haven.AccountNo, err error) {
	for _, text := range addresses {
		addr, err := haven.ParseAddress(text)
		if err != nil {
			return nil, errs.E(errs.Invalid, "%v", err)
		}
		a, err := q.s.o.Accounts.Resolve(q.r.Context(), addr)
		if err != nil {
			return nil, errs.E(errs.Invalid, "There is no account %s.", addr)
		}
		all = append(all, a.No)
	}
	return all, nil
}

type memberIn struct {
	Rights  string     `json:"rights,omitempty" doc:"member, owner, or some of read, write, send-as, send-on-behalf, manage, separated by commas"`
	Until   *time.Time `json:"until,omitempty" doc:"when access ends"`
	Endless bool       `json:"endless,omitempty" doc:"takes the end away"`
}

type memberOut struct {
	Account string     `json:"account" doc:"address"`
	Name    string     `json:"name"`
	State   string     `json:"state"`
	Rights  string     `json:"rights"`
	From    time.Time  `json:"from"`
	Until   *time.Time `json:"until,omitempty"`
}

func (q *request) members(box haven.AccountNo) (all []memberOut, err error) {
	members, err := q.s.o.Shared.Members(q.r.Context(), 0, box)
	all = []memberOut{}
	for _, m := range members {
		one := memberOut{Account: m.Person.Address.String(), Name: m.Person.Display, State: m.Person.State.String(), Rights: m.Rights.String(), From: m.From}
		if !m.Until.IsZero() {
			one.Until = &m.Until
		}
		all = append(all, one)
	}
	return all, err
}

func listMembers(q *request) (any, error) {
	box, err := q.mailbox()
	if err != nil {
		return nil, err
	}
	all, err := q.members(box.No)
	return list[memberOut]{Items: all}, err
}

// setMember lets somebody in, or changes who is in.
func setMember(q *request) (any, error) {
	in, err := body[memberIn](q)
	if err != nil {
		return nil, err
	}
	rights, err := haven.ParseRights(in.Rights)
	if err != nil {
		return nil, errs.E(errs.Invalid, "%v", err)
	}
	box, err := q.mailbox()
	if err != nil {
		return nil, err
	}
	who, err := q.account("account")
	if err != nil {
		return nil, err
	}
	c := sharedmailbox.Change{Person: who.No, Rights: rights, Endless: in.Endless}
	if in.Until != nil {
		c.Until = *in.Until
	}
	err = q.s.o.Shared.ChangeMember(q.r.Context(), q.actor, box.No, c)
	if errs.Is(err, errs.NotFound) {
		if rights == 0 {
			rights = haven.Member
		}
		err = q.s.o.Shared.AddMember(q.r.Context(), q.actor, box.No, sharedmailbox.Grant{Person: who.No, Rights: rights, Until: c.Until})
	}
	if err != nil {
		return nil, err
	}
	all, err := q.members(box.No)
	for _, m := range all {
		if m.Account == who.Address.String() {
			return m, err
		}
	}
	return nil, errs.E(errs.Conflict, "The membership was ended meanwhile.")
}

func removeMember(q *request) (any, error) {
	box, err := q.mailbox()
	if err != nil {
		return nil, err
	}
	who, err := q.account("account")
	if err != nil {
		return nil, err
	}
	remove := q.s.o.Shared.RemoveMember
	if q.r.URL.Query().Get("safety") == "true" {
		remove = q.s.o.Shared.RemoveForSafety
	}
	return nil, remove(q.r.Context(), q.actor, box.No, who.No)
}
