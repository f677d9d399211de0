package main

import (
	"time"

	"haven/people/account"
	"haven/people/activation"
	"haven/people/review"
	"haven/people/vouch"
	"haven/platform/db"
)

// wireVouch makes what owners vouch with for colleagues, and look with who has access.
func (h *house) wireVouch() {
	h.vouch = vouch.New(vouch.Options{DB: h.db, Accounts: h.accounts, Access: h.access, Contacts: h.contacts, Shared: h.shared, Factors: h.second,
		Questions: h.activation.Asked, Operator: h.operators.Has, Temporary: func() (string, error) { return activation.TemporaryPassword(h.conf.Policy.Password) },
		Notices: told{h}, Policy: h.conf.Policy, Clock: h.clock, Logger: h.log})
	h.review = review.New(review.Options{DB: h.db, Access: h.access, Shared: h.shared, Policy: h.conf.Policy.Shared, Clock: h.clock})
}

func vouching(st vouch.Standing) map[string]string {
	return map[string]string{"who": st.Owner.Display, "mailbox": st.Mailbox.Display, "how": st.How.String(), "time": clockOf(st.Made)}
}

// VouchedPassword sends the temporary password to the mobile that an owner named. The username is not in it: whoever is vouched for has it already (Rules 5).
func (n told) VouchedPassword(tx *db.Tx, who account.Account, mobile, password string, good time.Duration) error {
	return n.sendFor(tx, good, "vouch.password", mobile, who, map[string]string{"password": password, "days": inDays(good)})
}

// VouchedFor tells a person at the personal e-mail.
func (n told) VouchedFor(tx *db.Tx, st vouch.Standing, email string, link vouch.Link, good time.Duration) error {
	values := vouching(st)
	values["link"] = n.page("/vouched/" + string(link))
	return n.sendFor(tx, good, "vouch.person", email, st.Person, values)
}

// Vouched tells an owner of one of the person's mailboxes.
func (n told) Vouched(tx *db.Tx, owner account.Account, st vouch.Standing) error {
	values := vouching(st)
	values["person"], values["portal"] = st.Person.Display, n.page("/mailboxes")
	return n.send(tx, "vouch.owner", owner.Address.String(), owner, values)
}

// VouchDenied tells such an owner that it was not the person.
func (n told) VouchDenied(tx *db.Tx, owner account.Account, st vouch.Standing) error {
	values := vouching(st)
	delete(values, "mailbox")
	delete(values, "how")
	values["person"], values["portal"] = st.Person.Display, n.page("/mailboxes")
	return n.send(tx, "vouch.denied", owner.Address.String(), owner, values)
}
