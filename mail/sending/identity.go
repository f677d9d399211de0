package sending

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

// Named is an address with the name that stands before it.
type Named struct {
	Name  string
	Email string
}

// Identity is as whom a person writes from a mailbox (RFC 8621 §6). Each person has the own: what one changes nobody else sees.
type Identity struct {
	ID      ID
	Email   string
	Name    string
	ReplyTo []Named // nil: none
	Bcc     []Named
	Text    string // signature
	HTML    string
	Given   bool // the service gives it, and it can't be deleted
	Created haven.Seq
	Changed haven.Seq
}

// IdentityChange is what an identity is to become; what is nil stays.
type IdentityChange struct {
	Name, Text, HTML *string
	ReplyTo, Bcc     *[]Named
}

// profile is what is sealed of an identity: what its person wrote, and of one that is given also a mark of what the service said last.
type profile struct {
	Email            string
	Name, Text, HTML *string
	ReplyTo, Bcc     []Named
	Mark             string `json:",omitempty"`
}

// given is what the service itself says of an identity.
type given struct{ Email, Name, Text, HTML string }

func (g given) mark() string {
	h := sha256.New()
	_ = json.NewEncoder(h).Encode(g) // a hash takes all
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// kept is an identity as its row has it.
type kept struct {
	id               ID
	own              bool // its person made it
	created, changed haven.Seq
	profile
}

func (k kept) identity(g given) Identity {
	pick := func(own *string, else_ string) string {
		if own != nil {
			return *own
		}
		return else_
	}
	if k.own {
		g = given{}
	}
	return Identity{ID: k.id, Email: k.Email, Name: pick(k.Name, g.Name), Text: pick(k.Text, g.Text), HTML: pick(k.HTML, g.HTML),
		ReplyTo: k.ReplyTo, Bcc: k.Bcc, Given: !k.own, Created: k.created, Changed: k.changed}
}

// Identities are those of a person in a mailbox, and their state: the one that the service gives to who may send from it, first, and those that the person made
// and may still use. What was changed elsewhere, such as a signature or a right, is written down now, so that it has its place in the sequence.
func (s *Service) Identities(ctx context.Context, by By) (all []Identity, st mailbox.State, err error) {
	if st.Epoch, err = s.may(ctx, by.Viewer); err != nil {
		return nil, st, err
	}
	gives, err := s.gives(ctx, by)
	if err != nil {
		return nil, st, err
	}
	for try := 0; ; try++ {
		rows, seq, err := s.identityRows(ctx, by.Viewer)
		if err != nil {
			return nil, st, err
		}
		gone, err := s.lost(ctx, by, rows, gives)
		if err != nil {
			return nil, st, err
		}
		if len(gone) == 0 && fresh(rows, gives) || try == 2 {
			st.Seq = seq
			return shown(rows, gives), st, nil
		}
		if err := s.settle(ctx, by.Viewer, gives, gone); err != nil {
			return nil, st, err
		}
	}
}

// gives is what the service says of the identity of a person in a mailbox; none where the person may not send from it.
func (s *Service) gives(ctx context.Context, by By) ([]given, error) {
	addr, name, err := s.o.People.Address(ctx, by.Viewer.Account)
	if err != nil {
		return nil, err
	}
	if ok, err := s.usable(ctx, by, addr.String()); !ok {
		return nil, err
	}
	text, html, err := s.o.People.Signature(ctx, by.Viewer.Person, by.Viewer.Account)
	if err != nil {
		return nil, err
	}
	return []given{{addr.String(), name, text, html}}, nil
}

// usable reports whether a person may write with an address from a mailbox.
func (s *Service) usable(ctx context.Context, by By, email string) (bool, error) {
	a, err := haven.ParseAddress(email)
	if err != nil {
		return false, nil
	}
	use, err := s.o.People.MayUse(ctx, by.Who, a)
	if errs.Is(err, errs.Denied) || errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil && use.Account == by.Viewer.Account, err
}

// lost are the identities that their person may not use any more.
func (s *Service) lost(ctx context.Context, by By, rows []kept, gives []given) (gone []ID, err error) {
	for _, k := range rows {
		ok := !k.own && slices.ContainsFunc(gives, func(g given) bool { return g.Email == k.Email })
		if k.own {
			if ok, err = s.usable(ctx, by, k.Email); err != nil {
				return nil, err
			}
		}
		if !ok {
			gone = append(gone, k.id)
		}
	}
	return gone, nil
}

// fresh reports whether the rows say what the service says.
func fresh(rows []kept, gives []given) bool {
	return !slices.ContainsFunc(gives, func(g given) bool {
		return !slices.ContainsFunc(rows, func(k kept) bool { return !k.own && k.Email == g.Email && k.Mark == g.mark() })
	})
}

func shown(rows []kept, gives []given) (out []Identity) {
	for _, k := range rows {
		g := given{}
		if i := slices.IndexFunc(gives, func(g given) bool { return g.Email == k.Email }); i >= 0 {
			g = gives[i]
		}
		out = append(out, k.identity(g))
	}
	slices.SortStableFunc(out, func(a, b Identity) int {
		if a.Given == b.Given {
			return 0
		}
		if a.Given {
			return -1
		}
		return 1
	})
	return out
}

func (s *Service) identityRows(ctx context.Context, v mailbox.Viewer) (rows []kept, seq haven.Seq, err error) {
	keys, err := s.keys(ctx, v.Account)
	if err != nil {
		return nil, 0, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if rows, err = identityRows(tx, v, keys); err != nil {
			return err
		}
		seq, err = stateIn(tx, v.Account, v.Person)
		return err
	})
	return rows, seq, err
}

func identityRows(tx *db.Tx, v mailbox.Viewer, keys *secret.AccountKeys) (rows []kept, err error) {
	err = tx.Query(sqlIdentities, []any{int64(v.Account), int64(v.Person)}, func(r db.Row) error {
		k := kept{id: ID(r.Int64(0)), own: r.Bool(1), created: haven.Seq(r.Int64(2)), changed: haven.Seq(r.Int64(3))}
		if err := unseal(keys, rowName("identity", v.Account, k.id), r.Bytes(4), &k.profile); err != nil {
			return err
		}
		rows = append(rows, k)
		return nil
	})
	return rows, err
}

// settle writes down what the service gives now, and takes away what is lost.
func (s *Service) settle(ctx context.Context, v mailbox.Viewer, gives []given, gone []ID) error {
	v.Held = nil // it is the service that changes them
	return s.identityChange(ctx, v, func(t *mailbox.Change, w *identityWriter) error {
		for _, k := range w.rows {
			if slices.Contains(gone, k.id) {
				w.drop(t, k, s)
			}
		}
		for _, g := range gives {
			i := slices.IndexFunc(w.rows, func(k kept) bool { return !k.own && k.Email == g.Email })
			switch {
			case i < 0:
				if _, err := w.insert(t, false, profile{Email: g.Email, Mark: g.mark()}); err != nil {
					return err
				}
			case w.rows[i].Mark != g.mark():
				k := w.rows[i]
				k.Mark = g.mark()
				if err := w.set(t, k); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// identityWriter writes a person's identities in one change.
type identityWriter struct {
	v    mailbox.Viewer
	keys *secret.AccountKeys
	rows []kept
}

func (s *Service) identityChange(ctx context.Context, v mailbox.Viewer, fn func(t *mailbox.Change, w *identityWriter) error) error {
	keys, err := s.keys(ctx, v.Account)
	if err != nil {
		return err
	}
	return s.o.Mail.ChangeByItself(ctx, v.Account, func(t *mailbox.Change) error {
		if _, err := t.Admit(v); err != nil {
			return err
		}
		rows, err := identityRows(t.Tx, v, keys)
		if err != nil {
			return err
		}
		return fn(t, &identityWriter{v, keys, rows})
	})
}

func (w *identityWriter) insert(t *mailbox.Change, own bool, p profile) (ID, error) {
	id := newID()
	sealed, err := seal(w.keys, rowName("identity", w.v.Account, id), p)
	if err != nil {
		return 0, err
	}
	t.Tx.Exec(sqlInsertIdentity, int64(w.v.Account), int64(w.v.Person), int64(id), flagOf(own, 1), int64(t.Seq()), sealed)
	return id, nil
}

func (w *identityWriter) set(t *mailbox.Change, k kept) error {
	sealed, err := seal(w.keys, rowName("identity", w.v.Account, k.id), k.profile)
	if err != nil {
		return err
	}
	t.Tx.Exec(sqlSetIdentity, int64(w.v.Account), int64(w.v.Person), int64(k.id), sealed, int64(t.Seq()))
	return nil
}

func (w *identityWriter) drop(t *mailbox.Change, k kept, s *Service) {
	t.Tx.Exec(sqlDropIdentity, int64(w.v.Account), int64(w.v.Person), int64(k.id))
	forget(t.Tx, w.v.Account, w.v.Person, k.id, k.created, t.Seq(), s.o.Clock.Now())
}

// IdentitiesSince is what happened to a person's identities in a mailbox after a state, as Since says.
func (s *Service) IdentitiesSince(ctx context.Context, by By, from mailbox.State, most int) (ch Changes, err error) {
	_, st, err := s.Identities(ctx, by)
	if err != nil {
		return ch, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ch, err = since(tx, by.Viewer.Account, by.Viewer.Person, st.Epoch, from, most)
		return err
	})
	return ch, err
}

// identity is one of a person's identities by its id.
func (s *Service) identity(ctx context.Context, by By, id ID) (Identity, error) {
	all, _, err := s.Identities(ctx, by)
	if err != nil {
		return Identity{}, err
	}
	i := slices.IndexFunc(all, func(k Identity) bool { return k.ID == id })
	if i < 0 {
		return Identity{}, &Refused{Why: NoIdentity, Say: "There is no such identity."}
	}
	return all[i], nil
}
