package account

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/platform/audit"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/limit"
	"haven/platform/policy"
)

// Access answers what a person may do with an account; package access is the one that does.
type Access interface {
	In(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
	InByProgram(tx *db.Tx, person, account haven.AccountNo) (haven.Rights, haven.Verdict, error)
}

// Provisioner makes what a new account needs elsewhere. Prepare runs before the account exists (its data key,
// in the key store) and may be called for an account that then does not come to be; Provision runs in the
// transaction that makes the account (its sequence row and folders).
type Provisioner interface {
	Prepare(ctx context.Context, no haven.AccountNo, kind haven.AccountKind) error
	Provision(tx *db.Tx, no haven.AccountNo, kind haven.AccountKind) error
}

// Announcer hears, after the commit, of accounts about which something changed that their sessions must look at.
// It must not block.
type Announcer interface {
	AccessChanged(accounts ...haven.AccountNo)
}

// Options are what the service stands on. Every field without a remark is needed.
type Options struct {
	DB          *db.DB
	Access      Access
	Provisioner Provisioner
	Announcer   Announcer // may be nil
	Policy      policy.Policy
	Clock       clock.Clock
	Domains     []string // the domains whose addresses are ours, lower case
	Portal      string   // address of the pages, for sentences: "https://portal.haven.example"
	Logger      *slog.Logger

	// TemporaryKey hashes the temporary passwords that the service draws; nil: they are hashed like any other.
	TemporaryKey []byte

	// Locked notes that an account was locked just now, so that its person is told; nil: nobody is.
	Locked func(tx *db.Tx, l Lockdown)

	// Names lists the names of a person's mailboxes and organisations, which no password may hold. May be nil.
	Names func(tx *db.Tx, person haven.AccountNo) ([]string, error)
}

// Service keeps the accounts. It is safe for many goroutines and runs none of its own.
type Service struct {
	o       Options
	queue   *queue
	memory  *memory
	places  *limit.Windows // failures by place
	slowed  *limit.Buckets // tries of slowed places
	failing failing
	nobody  hashed // what unknown users are measured against
	domains map[string]bool
}

// New makes the service over tables that Schema made.
func New(o Options) *Service {
	p, now := o.Policy, o.Clock.Now
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	slots := p.Password.Hashers
	if slots == 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	s := &Service{
		o:       o,
		queue:   newQueue(slots, p.Password.Waiting, p.Password.MaxWait, o.Clock),
		memory:  newMemory(p.Password.Remember, p.Password.Remembered),
		places:  limit.NewWindows(p.Lockout.Window, p.Lockout.Places, now),
		failing: failing{limit.NewRecent[haven.AccountNo, []string](p.Lockout.Places)},
		slowed:  limit.NewBuckets(1, p.Lockout.SlowEvery, 1, p.Lockout.Places, now),
		nobody:  hashNew("nobody", p.Password),
		domains: make(map[string]bool),
	}
	for _, d := range o.Domains {
		s.domains[strings.ToLower(d)] = true
	}
	return s
}

// Hosts reports whether addresses of this domain are ours.
func (s *Service) Hosts(domain string) bool { return s.domains[strings.ToLower(domain)] }

// Domain is the first of our domains: where new addresses are made unless told otherwise.
func (s *Service) Domain() string {
	if len(s.o.Domains) == 0 {
		return ""
	}
	return strings.ToLower(s.o.Domains[0])
}

// Now is the service's time.
func (s *Service) Now() time.Time { return s.o.Clock.Now() }

// ErrUnknown says that there is no such account, or none that may be known of.
var ErrUnknown = &errs.Error{Kind: errs.NotFound, Rule: "account.unknown", Say: "There is no such account."}

// Resolve finds the account that an address leads to: any of its addresses, in any case of letters. What is
// unknown, or no longer leads anywhere, is NotFound. It costs the same query either way.
func (s *Service) Resolve(ctx context.Context, addr haven.Address) (a Account, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		a, err = s.ResolveIn(tx, addr)
		return err
	})
	return a, err
}

// ResolveIn is Resolve in the caller's transaction.
func (s *Service) ResolveIn(tx *db.Tx, addr haven.Address) (Account, error) {
	return one(tx, sqlByAddress, addr.Key(), s.Now().UnixMicro())
}

// ResolveAll finds many at once. found tells for each address whether there is an account.
func (s *Service) ResolveAll(ctx context.Context, addrs []haven.Address) (accounts []Account, found []bool, err error) {
	accounts, found = make([]Account, len(addrs)), make([]bool, len(addrs))
	now := s.Now().UnixMicro()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryEach(sqlByAddress, len(addrs), func(i int) []any { return []any{addrs[i].Key(), now} },
			func(i int, r db.Row) error {
				accounts[i], found[i] = scanAccount(r), true
				return nil
			})
	})
	return accounts, found, err
}

// ByNo finds an account by its number, ByID by its id; NotFound where there is none.
func (s *Service) ByNo(ctx context.Context, no haven.AccountNo) (a Account, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error { a, err = ByNoIn(tx, no); return err })
	return a, err
}

// ByID is the account of an id.
func (s *Service) ByID(ctx context.Context, id haven.AccountID) (a Account, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error { a, err = ByIDIn(tx, id); return err })
	return a, err
}

// Versions tells the access version of each account, for change.Hub.Poll: another one after everything that changed who may
// open it, or what its person may open.
func (s *Service) Versions(ctx context.Context, accounts []haven.AccountNo, each func(no haven.AccountNo, version int64)) error {
	return s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return db.QueryAmong(tx, sqlVersions, accounts, func(r db.Row) error {
			each(haven.AccountNo(r.Int64(0)), r.Int64(1))
			return nil
		})
	})
}

// ByNoIn is ByNo in the caller's transaction.
func ByNoIn(tx *db.Tx, no haven.AccountNo) (Account, error) { return one(tx, sqlByNo, int64(no)) }

// ByIDIn is ByID in the caller's transaction.
func ByIDIn(tx *db.Tx, id haven.AccountID) (Account, error) { return one(tx, sqlByID, id[:]) }

func one(tx *db.Tx, sql string, args ...any) (a Account, err error) {
	found := false
	err = tx.Query(sql, args, func(r db.Row) error {
		a, found = scanAccount(r), true
		return nil
	})
	if err == nil && !found {
		err = ErrUnknown
	}
	return a, err
}

// List gives the accounts after a number, in order of number, at most that many: for jobs and operators, never
// for a page of the directory.
func (s *Service) List(ctx context.Context, after haven.AccountNo, most int) (all []Account, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlList, []any{int64(after), int64(most)}, func(r db.Row) error {
			all = append(all, scanAccount(r))
			return nil
		})
	})
	return all, err
}

const accountWidth = 9 // columns of accountColumns

func scanAccount(r db.Row) Account {
	a := Account{No: haven.AccountNo(r.Int64(0)), Kind: haven.AccountKind(r.Int64(2)), State: State(r.Int64(3)),
		Display: r.Text(4), AccessVer: r.Int64(5), Created: time.UnixMicro(r.Int64(6)).UTC(),
		Address: haven.Address{Local: r.Text(7), Domain: r.Text(8)}}
	copy(a.ID[:], r.Bytes(1))
	return a
}

// Lock takes the accounts for a change of who may do what, in ascending order of number, and gives each a new
// access version: it is the first statement of such a transaction. The version is random, not
// counted, so that one which was read in a transaction that failed never comes again. What others find of the accounts may
// change with it (Changed).
func Lock(tx *db.Tx, accounts ...haven.AccountNo) error {
	accounts = slices.Compact(slices.Sorted(slices.Values(accounts)))
	for _, no := range accounts {
		found := false
		if err := tx.Query(sqlLock, []any{int64(no), newVersion()}, func(db.Row) error { found = true; return nil }); err != nil {
			return err
		}
		if !found {
			return ErrUnknown
		}
	}
	Changed(tx, accounts...)
	return nil
}

// SetState moves an account to another state. The caller has decided that it may (lifecycle, helpdesk, a block
// for safety, which is never refused); where the account may be an owner's, that is sharedmailbox's SetState. rule is the
// rule that decided. It is Invalid (account.state) for a state that accounts of the kind don't know.
func (s *Service) SetState(ctx context.Context, actor haven.Actor, no haven.AccountNo, to State, rule haven.Rule) error {
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := Lock(tx, no); err != nil {
			return err
		}
		return s.SetStateIn(tx, actor, no, to, rule)
	})
	if err == nil {
		s.announce(no)
	}
	return err
}

// SetStateIn is SetState in the caller's transaction, which has locked the account and announces it after the commit.
func (s *Service) SetStateIn(tx *db.Tx, actor haven.Actor, no haven.AccountNo, to State, rule haven.Rule) error {
	a, err := ByNoIn(tx, no)
	if err != nil || a.State == to {
		return err
	}
	if v := StateFits(a.Kind, to); !v.Allowed {
		return Refusal(errs.Invalid, v)
	}
	now := s.Now()
	tx.Exec(sqlSetState, int64(no), int64(to), now.UnixMicro())
	audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account." + to.String(), On: a.ID, Rule: rule, Note: "was " + a.State.String()})
	return nil
}

// RecordTaken writes down that somebody took the record of an account as a file.
func (s *Service) RecordTaken(ctx context.Context, actor haven.Actor, no haven.AccountNo) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := ByNoIn(tx, no)
		if err == nil {
			audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: "account.record-taken", On: a.ID, Rule: "account.own-record"})
		}
		return err
	})
}

func (s *Service) announce(accounts ...haven.AccountNo) {
	if s.o.Announcer != nil {
		s.o.Announcer.AccessChanged(accounts...)
	}
}
