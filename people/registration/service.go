package registration

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/limit"
	"haven/platform/policy"
	"haven/platform/secret"
)

// Options are what the service stands on. Every field without a remark is needed.
type Options struct {
	DB       *db.DB
	Keys     *secret.Keys
	Accounts *account.Service
	Contacts *account.Contacts
	Shared   *sharedmailbox.Service
	Places   *organisation.Service
	Notices  Notices
	Clock    clock.Clock
	Policy   policy.Policy

	// Temporary makes the password with which a new account is opened first (Rules 5); nil: it gets none here.
	Temporary func() (string, error)

	// Invite sends the first password again, with the username where how the person is reached was corrected, and MayInviteNow says whether it would; both are needed by
	// Resend and Correct alone.
	Invite       func(ctx context.Context, actor haven.Actor, no haven.AccountNo, username bool) error
	MayInviteNow func(ctx context.Context, no haven.AccountNo) error
}

// Service takes applications. It is safe for many goroutines.
type Service struct {
	o      Options
	key    []byte         // of the hashes of passcodes
	sealer *secret.Sealer // of what an applicant writes of people
	places *limit.Windows // questions and tries by network
}

// watchedPlaces is how many networks are counted at once.
const watchedPlaces = 100_000

// Open makes the service over tables that Schema made. Its keys are the named secrets registration.passcode and
// registration.seal, which are made where there are none.
func Open(ctx context.Context, o Options) (*Service, error) {
	key, err := o.Keys.NamedKey(ctx, "registration.passcode")
	if err != nil {
		return nil, err
	}
	sealer, err := o.Keys.Sealer(ctx, "registration.seal")
	return &Service{o: o, key: key, sealer: sealer, places: limit.NewWindows(time.Hour, watchedPlaces, o.Clock.Now)}, err
}

func (s *Service) now() time.Time { return s.o.Clock.Now() }

// Begin says whether a premises can be registered, and shows it; the code is as somebody typed it.
func (s *Service) Begin(ctx context.Context, code string) (e Entry, err error) {
	c, v := organisation.ParseCode(organisation.Pharmacy, code)
	if !v.Allowed {
		return Entry{Verdict: v}, nil
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		e, _, _, err = s.look(tx, c)
		return err
	})
	return e, err
}

// look finds a premises and decides whether it can be registered.
func (s *Service) look(tx *db.Tx, code organisation.Code) (e Entry, o organisation.Organisation, c organisation.Contact, err error) {
	o, err = organisation.ByCodeIn(tx, code)
	if errs.Is(err, errs.NotFound) {
		return Entry{Verdict: MayBegin(Facts{})}, o, c, nil
	}
	if err != nil {
		return e, o, c, err
	}
	f := Facts{Found: true, Kind: o.Kind, Status: o.Status}
	if c, err = organisation.ContactIn(tx, o.ID); err != nil {
		return e, o, c, err
	}
	if !organisation.StillHolds(o, c) {
		c = organisation.Contact{}
	}
	f.Email, f.Number = !c.Email.IsNull(), c.GPhC != ""
	has, err := sharedmailbox.Have(tx, []organisation.ID{o.ID})
	if err != nil {
		return e, o, c, err
	}
	f.Mailbox = has[o.ID]
	if err := tx.Query(sqlFrozen, []any{int64(o.ID)}, func(r db.Row) error { f.Frozen = r.Int64(0) > 0; return nil }); err != nil {
		return e, o, c, err
	}
	if e.Central, f.Central, err = organisation.CentralIn(tx, o); err != nil {
		return e, o, c, err
	}
	if e.Verdict = MayBegin(f); e.Verdict.Rule != "registration.central" {
		e.Central = organisation.Central{}
	}
	if e.Verdict.Rule != "registration.unknown" {
		e.Premises = shown(o, c)
	}
	return e, o, c, nil
}

func shown(o organisation.Organisation, c organisation.Contact) Premises {
	return Premises{Code: o.Code, Name: sharedmailbox.Capitals(o.Name), Place: sharedmailbox.Capitals(o.Place), Postcode: o.Postcode, Email: organisation.Masked(c.Email)}
}

// refusal is a verdict as an error: what is not there is NotFound.
func refusal(v haven.Verdict) error {
	kind := errs.Denied
	switch v.Rule {
	case "registration.unknown", "registration.reference", "registration.approve-none":
		kind = errs.NotFound
	case "registration.passcodes", "registration.approval-open", "registration.busy", "registration.passcode-tries":
		kind = errs.TooMany
	case "registration.passcode", "registration.passcode-none", "registration.passcode-expired", "registration.token":
		kind = errs.Private
	}
	return account.Refusal(kind, v)
}

var errRef = refusal(haven.Refuse("registration.reference", "There is no application with this reference. Look at it again, or begin a new one."))

// busy counts a question from a network, and refuses it after too many within an hour: references and passcodes can't be
// tried out.
func (s *Service) busy(actor haven.Actor) error {
	if s.places.Add(account.NetworkOf(actor.Place), 1) > s.o.Policy.Registration.PlaceAsks {
		return refusal(haven.Refuse("registration.busy", "There were too many questions from this network. Try again in an hour, or call the helpdesk."))
	}
	return nil
}

// application is a row of registration.
type application struct {
	ref       Ref
	org       organisation.ID
	state     State
	salt      []byte
	passcode  []byte // nil: none was sent
	asked     time.Time
	tries     int
	good      bool // the GPhC number was right
	token     []byte
	began     time.Time
	changed   int64 // Unix microseconds
	submitted time.Time
	mailbox   haven.AccountNo
	frozen    bool
	approved  bool // by two people, since it could not be proven
}

func (a application) changedAt() time.Time { return time.UnixMicro(a.changed).UTC() }

// kept is how long the answers of an application are kept after they were changed last. Who waited for approvals is not at the computer when the second one comes.
func (s *Service) kept(a application) time.Duration {
	if a.approved {
		return s.o.Policy.Registration.ApprovedFor
	}
	return s.o.Policy.Session.FormKept
}

// appIn reads an application; errRef where there is none.
func appIn(tx *db.Tx, ref Ref) (a application, err error) {
	found := false
	err = tx.Query(sqlApp, []any{string(ref)}, func(r db.Row) error {
		found = true
		a = application{ref: Ref(r.Text(0)), org: organisation.ID(r.Int64(1)), state: State(r.Int64(2)), tries: int(r.Int64(6)), good: r.Bool(7),
			began: db.Moment(r.Int64(9)), asked: db.Moment(r.Int64(5)), changed: r.Int64(10), submitted: db.Moment(r.Int64(11)), mailbox: haven.AccountNo(r.Int64(12)), frozen: r.Int64(13) > 0, approved: r.Int64(14) > 0}
		a.salt, a.passcode, a.token = copyOf(r, 3), copyOf(r, 4), copyOf(r, 8)
		return nil
	})
	if err == nil && !found {
		err = errRef
	}
	return a, err
}

func copyOf(r db.Row, col int) []byte {
	if r.Null(col) {
		return nil
	}
	return append([]byte(nil), r.Bytes(col)...)
}

// lockPremises takes a premises for the transaction: after accounts, before its applications.
func (s *Service) lockPremises(tx *db.Tx, org organisation.ID) error {
	return tx.Query(sqlLockPremises, []any{int64(org), s.now().UnixMicro()}, func(db.Row) error { return nil })
}

// lockApp takes an application for the transaction, with its premises, and reads it.
func (s *Service) lockApp(tx *db.Tx, ref Ref) (application, error) {
	a, err := appIn(tx, ref)
	if err != nil {
		return a, err
	}
	if err := s.lockPremises(tx, a.org); err != nil {
		return a, err
	}
	if err := tx.Query(sqlLockApp, []any{string(ref)}, func(db.Row) error { return nil }); err != nil {
		return a, err
	}
	return appIn(tx, ref)
}

// holds reports whether a token is the one of whoever goes on with an application.
func (a application) holds(t Token) bool {
	return a.token != nil && subtle.ConstantTimeCompare(a.token, hashOf(t)) == 1
}

// goOn is nil where whoever shows the token may change and send the application.
func (s *Service) goOn(a application, t Token) error {
	if !a.holds(t) {
		return errToken
	}
	if v := MayGoOn(a.state, a.frozen, a.changedAt(), s.now(), s.kept(a)); !v.Allowed {
		return refusal(v)
	}
	return nil
}

var errToken = refusal(haven.Refuse("registration.token", "To go on with this application, give its reference and a new passcode."))

// newToken is 256 random bits, for a link or a cookie.
func newToken() Token {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

func hashOf(t Token) []byte {
	h := sha256.Sum256([]byte(t))
	return h[:]
}

// passcodeHash is a passcode as it is kept: salted, and under a key that is not in this database, since it has few digits.
func (s *Service) passcodeHash(salt []byte, ref Ref, passcode string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(salt)
	h.Write([]byte(string(ref) + " " + passcode))
	return h.Sum(nil)
}
