package sending

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"

	"haven"
	"haven/platform/secret"
)

// said is what is sealed of a submission.
type said struct {
	Envelope Envelope
	Status   map[string]Status `json:",omitempty"`
	Place    string            `json:",omitempty"` // from where it was sent, for the audit log
	Why      string            `json:",omitempty"` // for whoever is to hear that it was not sent
}

func submissionName(account haven.AccountNo, id ID) []byte { return rowName("submission", account, id) }

// rowName binds what is sealed to its row.
func rowName(what string, account haven.AccountNo, id ID) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte(what), uint64(account)), uint64(id))
}

func seal(keys *secret.AccountKeys, name []byte, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return keys.Seal(nil, plain, name)
}

func unseal(keys *secret.AccountKeys, name, sealed []byte, v any) error {
	plain, err := keys.Open(nil, sealed, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

// newID draws an id, so that one is never given again, also after a restore.
func newID() ID {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return ID(max(binary.BigEndian.Uint64(b[:])>>1, 1))
}

func (s *Service) keys(ctx context.Context, account haven.AccountNo) (*secret.AccountKeys, error) {
	return s.o.Keys.Account(ctx, account)
}
