package jmap

import (
	"haven/mail/mailbox"
)

func (t emails) create(c *call, v mailbox.Viewer, s *setting, x creating, at mailbox.State) (mailbox.State, error) {
	s.NotCreated(x.CID, errNotFound)
	return at, nil
}
func (t emails) Copy(c *call, from, v mailbox.Viewer, s *setting) error { return nil }
func emailImport(c *call) (any, error)                                  { return nil, errNotFound }
func emailParse(c *call) (any, error)                                   { return nil, errNotFound }
func snippetGet(c *call) (any, error)                                   { return nil, errNotFound }
