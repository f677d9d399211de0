package delivery_test

import (
	"haven/mail/authn"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/secret"
)

// What delivery asks of others, and they of it, is what there is.
var (
	_ delivery.Store  = (*mailbox.Service)(nil)
	_ delivery.Room   = (*mailbox.Service)(nil)
	_ delivery.Keys   = (*secret.Keys)(nil)
	_ delivery.Sealer = (*secret.Sealer)(nil)
	_ delivery.Outbox = (*outbox.Outbox)(nil)
	_ outbox.Local    = (*delivery.Service)(nil)
	_ outbox.Signer   = (*authn.Signer)(nil)
	_ authn.KeyStore  = (*secret.Keys)(nil)
)
