package mailbox

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"haven"
	"haven/platform/blob"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Access answers what a person may do with an account's mail, in the transaction that reads the data.
// people/access is the one that does.
type Access interface {
	In(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
	InByProgram(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
}

// Options are what the store stands on. Every field but Logger is needed.
type Options struct {
	DB     *db.DB
	Bodies *blob.Store
	Keys   *secret.Keys
	Hub    *change.Hub
	Access Access
	Clock  clock.Clock
	Policy policy.Policy
	Logger *slog.Logger
	Node   int64 // 0 to 1023, different in every process that shares the database
	Step   int   // rows that one writing transaction touches, so that mail never waits long; default 250

	// Withdrawn is called in the transaction in which somebody takes a letter out of the folder of role Scheduled, or marks it \Deleted there.
	// seq is a number for what it changes. nil: nobody asks.
	Withdrawn func(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq) error

	// Reported is called in the transaction that files a message which reports on a letter that was sent, unless it is junk. seq is a number for what it changes.
	// nil: nobody asks.
	Reported func(tx *db.Tx, account haven.AccountNo, r Report, seq haven.Seq) error
}

// Service is the mail store. It is safe for many goroutines.
type Service struct {
	db     *db.DB
	bodies *blob.Store
	keys   *secret.Keys
	hub    *change.Hub
	access Access
	clock  clock.Clock
	policy policy.Mailbox
	most   int64 // octets of one message
	log    *slog.Logger
	step   int
	ids    idSource
	views  viewCache
	work   Work // nil: nobody is told of what comes

	overviews overviewCache
	withdrawn func(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq) error
	reported  func(tx *db.Tx, account haven.AccountNo, r Report, seq haven.Seq) error
}

// New makes the store over tables that Schema made. Nothing runs in it until it is called.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Step <= 0 {
		o.Step = 250
	}
	return &Service{
		db: o.DB, bodies: o.Bodies, keys: o.Keys, hub: o.Hub, access: o.Access, clock: o.Clock,
		policy: o.Policy.Mailbox, most: o.Policy.Sending.MessageOctets, log: o.Logger, step: o.Step,
		ids: idSource{node: o.Node & 1023}, views: newViewCache(viewCacheSize), overviews: newOverviewCache(o.Policy.Mailbox.OverviewOctets),
		withdrawn: o.Withdrawn, reported: o.Reported,
	}
}

// list is how many rows a listing reads in one snapshot before it lets go of it.
func (s *Service) list() int { return 8 * s.step }

// Provision makes the sequence row and the provisioned folders of a new account, in the transaction that creates it.
// The account's data key must be there already (secret.Keys.Create), so that no row ever lacks its key.
func (s *Service) Provision(tx *db.Tx, account haven.AccountNo, _ haven.AccountKind) error {
	validity := s.clock.Now().Unix()
	tx.Exec(`INSERT INTO account_seq (an, seq, bytes, messages, quota) VALUES ($1, 1, 0, 0, 0)`, int64(account))
	tx.Exec(`INSERT INTO account_mail (an, next_mb, validity) VALUES ($1, $2, $3)`, int64(account), int64(len(Provisioned)+1), validity)
	for i, f := range Provisioned {
		insertFolder(tx, account, Folder{No: haven.MailboxNo(i + 1), Name: f.Name, Role: f.Role, UIDValidity: uint32(validity)}, 1)
	}
	return nil
}

// provisioned is the number of an account's folder of a role: Provision numbers them alike in every account.
func provisioned(r Role) haven.MailboxNo {
	for i, f := range Provisioned {
		if f.Role == r {
			return haven.MailboxNo(i + 1)
		}
	}
	return 1
}

// InboxNo is the number of the Inbox in every account.
var InboxNo = provisioned(Inbox)

// Watch calls fn after every commit that changed one of the accounts. fn must not block.
func (s *Service) Watch(fn func(haven.AccountNo), accounts ...haven.AccountNo) *change.Subscription {
	return s.hub.Subscribe(fn, accounts...)
}

// Rights are what the viewer holds; NotFound when the viewer may not know of the account.
func (s *Service) Rights(ctx context.Context, v Viewer) (r haven.Rights, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, err = s.need(tx, v, 0)
		return err
	})
	return r, err
}

var errNoMailbox = errs.E(errs.NotFound, "There is no such mailbox.")

// need is the viewer's rights, which hold every right of want. Without any the account is not found; without all of
// want the call is denied.
func (s *Service) need(tx *db.Tx, v Viewer, want haven.Rights) (haven.Rights, error) {
	look := s.access.In
	if v.ByProgram {
		look = s.access.InByProgram
	}
	rights, verdict, err := look(tx, v.Person, v.Account)
	if err != nil {
		return 0, err
	}
	if !rights.Has(haven.Read) {
		return 0, errNoMailbox
	}
	if !rights.Has(want) {
		return 0, &errs.Error{Kind: errs.Denied, Rule: string(verdict.Rule),
			Say: "You may read this mailbox, not change it. Ask one of its owners for the right to write."}
	}
	return rights, nil
}

// read runs fn in a snapshot in which the viewer may read.
func (s *Service) read(ctx context.Context, v Viewer, fn func(tx *db.Tx) error) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := s.need(tx, v, haven.Read); err != nil {
			return err
		}
		return fn(tx)
	})
}

// lock is an account taken for writing: the numbers that this transaction may give to what it changes.
type lock struct {
	next, last haven.Seq
	bytes      int64 // used, before this transaction
	quota      int64 // 0: the policy's
	used       bool  // some number was given
	reads      reads
	scheduled  haven.MailboxNo // the folder of letters that are sent later; 0: there is none yet
	withdrawn  func(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, seq haven.Seq) error
	held       *Held
}

// take gives the next number of the block. Beyond the block all share its last: a number may be shared within a
// transaction, since all of it is seen at once, but never given again by a later one.
func (l *lock) take() haven.Seq {
	l.used = true
	if l.next < l.last {
		l.next++
	}
	return l.next
}

// takeSeq locks an account and takes n numbers of its sequence. It is a writing transaction's first statement
// (docs/decisions/001); a transaction over several accounts calls it in ascending order.
func takeSeq(tx *db.Tx, account haven.AccountNo, n int) (*lock, error) {
	var l *lock
	err := tx.Query(sqlTakeSeq, []any{int64(account), int64(n)}, func(r db.Row) error {
		last := haven.Seq(r.Int64(0))
		l = &lock{next: last - haven.Seq(n), last: last, bytes: r.Int64(1), quota: r.Int64(2), reads: reads(r.Int64(3)), scheduled: haven.MailboxNo(r.Int64(4))}
		return nil
	})
	if err == nil && l == nil {
		err = errNoMailbox
	}
	return l, err
}

// lockEach locks several accounts in ascending order and takes so many numbers of each.
func lockEach(tx *db.Tx, numbers map[haven.AccountNo]int) (map[haven.AccountNo]*lock, error) {
	locks := make(map[haven.AccountNo]*lock, len(numbers))
	for _, account := range slices.Sorted(maps.Keys(numbers)) {
		l, err := takeSeq(tx, account, numbers[account])
		if err != nil {
			return nil, err
		}
		locks[account] = l
	}
	return locks, nil
}

// announce wakes those who wait for accounts in which a number was given, once it is durable.
func (s *Service) announce(locks map[haven.AccountNo]*lock) {
	for account, l := range locks {
		if l.used {
			s.hub.Announce(account, l.last)
		}
	}
}

// write runs fn with the account locked and n numbers taken, after the viewer's rights were asked, and announces the
// change once it is durable.
func (s *Service) write(ctx context.Context, v Viewer, want haven.Rights, n int, fn func(tx *db.Tx, l *lock) error) error {
	return s.writeEach(ctx, map[haven.AccountNo]int{v.Account: n}, func(tx *db.Tx, locks map[haven.AccountNo]*lock) error {
		if _, err := s.admit(tx, v, want, locks[v.Account]); err != nil {
			return err
		}
		return fn(tx, locks[v.Account])
	})
}

// writeEach runs fn with some accounts locked, and announces what it changed once it is durable. fn asks for rights itself.
func (s *Service) writeEach(ctx context.Context, numbers map[haven.AccountNo]int, fn func(tx *db.Tx, locks map[haven.AccountNo]*lock) error) error {
	var locks map[haven.AccountNo]*lock
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		if locks, err = lockEach(tx, numbers); err != nil {
			return err
		}
		for _, l := range locks {
			l.withdrawn = s.withdrawn
		}
		return fn(tx, locks)
	})
	if err == nil {
		for _, l := range locks {
			if l.used { // what changed nothing leaves the state as it is
				l.held.Kept()
			}
		}
		s.announce(locks)
	}
	return err
}

// admit lets a viewer change an account who holds these rights, and for whom it is as the viewer has it.
func (s *Service) admit(tx *db.Tx, v Viewer, want haven.Rights, l *lock) (haven.Rights, error) {
	rights, err := s.need(tx, v, want)
	if err == nil {
		l.held = v.Held
		err = v.Held.Ask(tx, v)
	}
	return rights, err
}

// Quota is how much room the account uses.
func (s *Service) Quota(ctx context.Context, v Viewer) (q Quota, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		return tx.Query(sqlQuota, []any{int64(v.Account)}, func(r db.Row) error {
			q = Quota{Bytes: r.Int64(1), Messages: r.Int64(2), LimitBytes: s.quotaOf(r.Int64(3))}
			return nil
		})
	})
	return q, err
}

func (s *Service) quotaOf(own int64) int64 {
	if own > 0 {
		return own
	}
	return s.policy.Quota
}

// room refuses what would take the account over its quota.
func (s *Service) room(l *lock, add int64) error {
	if limit := s.quotaOf(l.quota); limit > 0 && l.bytes+add > limit {
		return &errs.Error{Kind: errs.OverQuota, Rule: "mailbox.quota", Say: "The mailbox is full. Delete what is no longer needed, or ask the helpdesk for more room."}
	}
	return nil
}

// Room refuses what would take an account over its quota, before it is received.
func (s *Service) Room(ctx context.Context, account haven.AccountNo, octets int64) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlQuota, []any{int64(account)}, func(r db.Row) error {
			return s.room(&lock{bytes: r.Int64(1), quota: r.Int64(3)}, octets)
		})
	})
}

// Seqs tells the newest seq of each account, for change.Hub.Poll.
func (s *Service) Seqs(ctx context.Context, accounts []haven.AccountNo, each func(haven.AccountNo, haven.Seq)) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		return db.QueryAmong(tx, sqlSeqs, accounts, func(r db.Row) error {
			each(haven.AccountNo(r.Int64(0)), haven.Seq(r.Int64(1)))
			return nil
		})
	})
}
