package jmap

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"haven/mail/mailbox"
	"haven/mail/work"
)

// workPeople is the type WorkPerson: somebody who may handle what comes to a mailbox. Its id is that of the person.
type workPeople struct{}

var workPersonShape = Shape{
	{"id", "AccountId", ServerSet, ""},
	{"name", "string", ServerSet, ""},
	{"email", "string", ServerSet, "which tells namesakes apart"},
	{"isHere", "boolean", ServerSet, "at a Thread of the account now"},
}

var workPersonProperties = workPersonShape.names()

func (workPeople) Properties() (all, usual []string) {
	return workPersonProperties, workPersonProperties
}

// colleagues are the people of an account, by id and in order.
func (c *call) colleagues(v mailbox.Viewer) (ids []string, of map[string]work.Colleague, err error) {
	all, err := c.work().Colleagues(c.ctx, v)
	of = map[string]work.Colleague{}
	for _, p := range all {
		id := accountID(p.ID)
		ids, of[id] = append(ids, id), p
	}
	return ids, of, err
}

// State is made of all that is told: there is nothing else to count by.
func (workPeople) State(c *call, v mailbox.Viewer) (string, error) {
	all, err := c.work().Colleagues(c.ctx, v)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(all); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12]), nil
}

func (workPeople) All(c *call, v mailbox.Viewer) ([]string, error) {
	ids, _, err := c.colleagues(v)
	return ids, err
}

func (workPeople) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	_, of, err := c.colleagues(v)
	for _, id := range ids {
		if p, ok := of[id]; ok {
			add(id, record{"name": p.Name, "email": p.Email, "isHere": p.Here})
		}
	}
	return err
}
